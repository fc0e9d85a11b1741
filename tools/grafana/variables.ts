import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATA_SOURCE } from './panels.ts';

const ALL = { text: 'All', value: '$__all', selected: true };

/** A multi-choice of the values that a label has; all of them at first. */
function choice(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATA_SOURCE)
    .query(query)
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .current(ALL);
}

export const variables = () => [
  new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
  // No `allValue`: All are the jobs that Followspot observes, and no other job that happens to use the same names.
  choice('job', 'Service', 'label_values(followspot_series, job)'),
  choice('endpoint', 'Endpoint', 'label_values(http_requests_total{job=~"$job"}, route)').allValue('.*'),
  choice('provider', 'Provider', 'label_values(provider_requests_total{job=~"$job"}, provider)').allValue(
    '.*',
  ),
  new TextBoxVariableBuilder('service_url')
    .label('Service URL')
    .description('Where this browser reaches the service; for the link to its metrics')
    .defaultValue('http://127.0.0.1:3000'),
];
