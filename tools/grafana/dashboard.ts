import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { REPOSITORY_URL, RUNBOOK_PAGE } from '../monitoring/links.ts';
import { ANSWER_PANELS } from './answer-panels.ts';
import { OWN_PANELS } from './own-panels.ts';
import { DATA_SOURCE, type PanelSource } from './panels.ts';
import { PROVIDER_PANELS } from './provider-panels.ts';
import { REQUEST_PANELS } from './request-panels.ts';
import { STAGE_PANELS } from './stage-panels.ts';
import { STREAM_DETAIL_PANELS, STREAM_PANELS } from './stream-panels.ts';
import { variables } from './variables.ts';

/** From top to bottom. The first three rows are the panels of the design that this project started from. */
const ROWS: readonly { readonly title: string; readonly panels: readonly PanelSource[] }[] = [
  { title: 'Requests', panels: REQUEST_PANELS },
  { title: 'Providers, caches and costs', panels: PROVIDER_PANELS },
  { title: 'Streams', panels: STREAM_PANELS },
  { title: 'How streams end, and what they are like', panels: STREAM_DETAIL_PANELS },
  { title: 'Answers of providers, and what was spent on nobody', panels: ANSWER_PANELS },
  { title: 'Stages', panels: STAGE_PANELS },
  { title: 'Followspot itself', panels: OWN_PANELS },
];

/** The dashboard in Grafana's classic form, which every version imports and file provisioning takes. */
export function dashboard(): string {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the successor, schema 2, needs Grafana 13
  const builder = new DashboardBuilder('Followspot')
    .uid('followspot')
    .description(
      'Requests, streams, providers, caches, costs and stages of the services that Followspot observes.',
    )
    .tags(['followspot', 'nestjs', 'sse', 'generated'])
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .variables(variables())
    .annotations(annotations().map(inView))
    .links(links().map(inView));
  let id = 0;
  for (const { title, panels } of ROWS) {
    builder.withRow(new RowBuilder(title).id(++id));
    for (const panel of panels) builder.withPanel({ build: () => ({ ...panel.build(), id: ++id }) });
  }
  // A wish: Grafana leaves the theme to the user and to `?theme=dark`.
  return `${JSON.stringify({ ...builder.build(), style: 'dark' }, undefined, 2)}\n`;
}

/** Takes back the SDK's default, which moves switches and links into a menu. */
function inView<T extends { placement?: unknown }>(source: { build(): T }): { build(): T } {
  return {
    build: () => {
      const built = source.build();
      delete built.placement;
      return built;
    },
  };
}

function annotations(): AnnotationQueryBuilder[] {
  return [
    annotation('Deployments', 'blue')
      .expr('process_start_time_seconds{job=~"$job"} * 1000')
      .useValueForTime(true)
      .titleFormat('{{job}} started')
      .textFormat('{{instance}}'),
    annotation('Alerts', 'red')
      .expr('ALERTS{alertstate="firing", job=~"$job"}')
      .titleFormat('{{alertname}}')
      .textFormat('{{severity}} {{job}} {{route}} {{provider}}'),
  ];
}

function annotation(name: string, color: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATA_SOURCE)
    .enable(true)
    .iconColor(color)
    .step('30s');
}

function links(): DashboardLinkBuilder[] {
  return [
    link('Documentation', `${REPOSITORY_URL}/${RUNBOOK_PAGE}`, 'What each panel and alert means'),
    link('Metrics', '${service_url}/metrics', 'What Prometheus scrapes'),
    link('Summary', '${service_url}/metrics/summary', 'The figures of this moment'),
  ];
}

function link(title: string, url: string, tooltip: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .url(url)
    .tooltip(tooltip)
    .icon('external link')
    .targetBlank(true);
}
