import { share } from '../monitoring/promql.ts';
import { graph, type PanelSource } from './panels.ts';
import { ofJob, perSecond, quantile } from './queries.ts';

const stages = perSecond(['stage'], ofJob('request_stages_total'));
const failed = perSecond(['stage'], ofJob('request_stages_total', 'outcome="error"'));
const notFailed = perSecond(['stage'], ofJob('request_stages_total', 'outcome!="error"'));

export const STAGE_PANELS: readonly PanelSource[] = [
  graph({
    title: 'Stage Duration p95',
    description:
      'Nineteen of twenty executions of a stage are shorter. The one that grew is where the time went.',
    unit: 'ms',
    width: 12,
    withExemplars: true,
    queries: [{ expr: quantile(['stage'], 0.95, ofJob('request_stage_duration_ms')), legend: '{{stage}}' }],
  }),
  graph({
    title: 'Stage Throughput',
    description:
      'Executions of each stage per second. Fewer here than one stage before: requests end in between.',
    unit: 'ops',
    width: 12,
    queries: [{ expr: stages, legend: '{{stage}}' }],
  }),
  graph({
    title: 'Stage Failures',
    description:
      'Executions per second that ended with an error. The innermost stage that fails is the cause of the others.',
    unit: 'ops',
    width: 12,
    queries: [{ expr: failed, legend: '{{stage}}' }],
  }),
  graph({
    title: 'Stage Success Rate',
    description:
      'The share of executions without an error; those that were cancelled because the client left did not fail.',
    unit: 'percentunit',
    width: 12,
    max: 1,
    queries: [{ expr: share(notFailed, stages), legend: '{{stage}}' }],
  }),
];
