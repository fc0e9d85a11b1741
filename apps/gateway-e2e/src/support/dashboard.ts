import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILE = join(import.meta.dirname, '../../../../monitoring/grafana_dashboard.json');

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

/** A query of the dashboard, as Grafana would send it with all choices on All. */
interface DashboardQuery {
  readonly of: string;
  readonly expr: string;
}

/** What the dashboard asks Prometheus for. */
export interface DashboardQueries {
  readonly panels: readonly DashboardQuery[];
  readonly annotations: readonly DashboardQuery[];
  /** The values that its variables offer. */
  readonly choices: readonly { readonly of: string; readonly selector: string; readonly label: string }[];
}

export async function dashboardQueries(): Promise<DashboardQueries> {
  const { panels, annotations, templating } = JSON.parse(await readFile(FILE, 'utf8')) as Dashboard;
  return {
    panels: panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ of: title, expr: interpolated(expr) })),
    ),
    annotations: annotations.list.map(({ name, expr }) => ({ of: name, expr: interpolated(expr) })),
    choices: templating.list.flatMap(({ name, definition = '' }) => {
      const [, selector, label] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? [];
      if (selector === undefined || label === undefined) return [];
      return [{ of: name, selector: interpolated(selector), label }];
    }),
  };
}

/** The interval of a rate is four scrapes in Grafana; more here, for machines that have much to do. */
function interpolated(expr: string): string {
  const query = expr
    .replaceAll('$__rate_interval', '20s')
    .replaceAll('$__range', '5m')
    .replaceAll(/\$(?:job|endpoint|provider)\b/g, '.*');
  if (query.includes('$')) throw new Error(`a variable that the test does not know: ${query}`);
  return query;
}
