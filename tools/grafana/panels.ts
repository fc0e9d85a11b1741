import * as common from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import * as piechart from '@grafana/grafana-foundation-sdk/piechart';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

/** Every panel asks the data source that the dashboard's first variable names. */
export const DATA_SOURCE = { type: 'prometheus', uid: '${datasource}' };

const HEIGHT = 8;

/** What is built once all is known of it. */
export interface PanelSource {
  build(): Panel;
}

interface Query {
  /** PromQL with the dashboard's variables. */
  readonly expr: string;
  /** Template of the series' name. */
  readonly legend: string;
  /** Where it is not that of the panel. */
  readonly unit?: string;
}

interface PanelOptions {
  readonly title: string;
  /** What it shows and what to make of it, for who sees it for the first time. */
  readonly description: string;
  /** A unit id of Grafana. */
  readonly unit: string;
  /** Columns out of 24. */
  readonly width: number;
  readonly queries: readonly Query[];
  /** Values from which on it is worth a look, and worth a worry. */
  readonly thresholds?: readonly [warning: number, critical: number];
}

export interface GraphOptions extends PanelOptions {
  /** Top of the axis, 1 for shares. */
  readonly max?: number;
  /** Whether the axis goes below 0. */
  readonly hasNegative?: boolean;
  /** Whether the series add up to something. */
  readonly isStacked?: boolean;
  /** Whether to show the traces behind a histogram. */
  readonly withExemplars?: boolean;
}

/** Lines over time, from 0 unless they may be below. */
export function graph(options: GraphOptions): PanelSource {
  const panel = described(new timeseries.PanelBuilder(), options)
    .lineWidth(1)
    .fillOpacity(options.isStacked === true ? 40 : 10)
    .showPoints(common.VisibilityMode.Never)
    .spanNulls(false)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Bottom)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    );
  if (options.hasNegative !== true) panel.min(0);
  if (options.max !== undefined) panel.max(options.max);
  if (options.isStacked === true) {
    panel.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'));
  }
  if (options.thresholds !== undefined) {
    panel.thresholdsStyle(
      new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed),
    );
  }
  for (const query of queriesOf(options.queries)) {
    panel.withTarget(query.range().exemplar(options.withExemplars === true));
  }
  for (const [index, { unit }] of options.queries.entries()) {
    if (unit !== undefined) panel.overrideByQuery(refIdOf(index), [{ id: 'unit', value: unit }]);
  }
  return panel;
}

/** Shares of a whole over the shown time. */
export function pie(options: PanelOptions): PanelSource {
  const panel = described(new piechart.PanelBuilder(), options)
    .pieType(piechart.PieChartType.Donut)
    .displayLabels([piechart.PieChartLabels.Percent])
    .reduceOptions(lastValue())
    .legend(
      new piechart.PieChartLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Bottom)
        .values([piechart.PieChartLegendValues.Value, piechart.PieChartLegendValues.Percent]),
    );
  for (const query of queriesOf(options.queries)) panel.withTarget(query.instant());
  return panel;
}

/** The latest value, large. */
export function figure(options: PanelOptions): PanelSource {
  const panel = described(new stat.PanelBuilder(), options)
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(common.BigValueColorMode.Value)
    .reduceOptions(lastValue());
  for (const query of queriesOf(options.queries)) panel.withTarget(query.instant());
  return panel;
}

type AnyPanel = timeseries.PanelBuilder | piechart.PanelBuilder | stat.PanelBuilder;

function described<P extends AnyPanel>(
  panel: P,
  { title, description, unit, width, thresholds }: PanelOptions,
): P {
  panel.title(title).description(description).datasource(DATA_SOURCE).unit(unit).span(width).height(HEIGHT);
  const [warning, critical] = thresholds ?? [];
  const steps = [
    { value: null, color: 'green' },
    ...(warning === undefined ? [] : [{ value: warning, color: 'orange' }]),
    ...(critical === undefined ? [] : [{ value: critical, color: 'red' }]),
  ];
  panel.thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps));
  return panel;
}

function queriesOf(queries: readonly Query[]): DataqueryBuilder[] {
  return queries.map(({ expr, legend }, index) =>
    new DataqueryBuilder().datasource(DATA_SOURCE).refId(refIdOf(index)).expr(expr).legendFormat(legend),
  );
}

/** A, B, C … */
function refIdOf(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}

function lastValue(): common.ReduceDataOptionsBuilder {
  return new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false);
}
