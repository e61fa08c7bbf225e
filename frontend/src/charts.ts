// ECharts, only the parts used; loaded only on pages that hold a chart.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, DatasetComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

echarts.use([
  AriaComponent, BarChart, DatasetComponent, GridComponent, LegendComponent, LineChart,
  MarkLineComponent, SVGRenderer, TooltipComponent,
]);

interface Data {
  kind: "bar" | "line";
  labels: string[];
  series: { name: string; values: (number | null)[] }[];
  unit?: string;
  stacked?: boolean;
  horizontal?: boolean;
}

const locale = document.documentElement.lang;
const format = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function option(data: Data): echarts.EChartsCoreOption {
  const text = token("--text-muted");
  const lowVision = document.documentElement.hasAttribute("data-lv");
  const unit = data.unit ? ` ${data.unit}` : "";
  const names = {
    type: "category",
    data: data.labels,
    axisLabel: { color: text, hideOverlap: true },
    axisLine: { lineStyle: { color: token("--border-strong") } },
    axisTick: { show: false },
    inverse: data.horizontal,
  };
  const values = {
    type: "value",
    axisLabel: { color: text, formatter: (value: number) => format.format(value) },
    splitLine: { lineStyle: { color: token("--border") } },
  };
  return {
    // The figure's own caption and table say it; ECharts would describe it in English
    aria: { enabled: true, label: { enabled: false }, decal: { show: lowVision } },
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    color: [1, 2, 3, 4, 5, 6].map((i) => token(`--chart-${i}`)),
    textStyle: { fontFamily: token("--font"), fontSize: 13, color: token("--text") },
    grid: { left: 8, right: 16, top: data.series.length > 1 ? 44 : 16, bottom: 8, containLabel: true },
    legend: data.series.length > 1
      ? { top: 0, left: 0, textStyle: { color: token("--text") }, itemWidth: 14, itemHeight: 10 }
      : undefined,
    // Rich text is drawn; the HTML kind would need inline styles, which the policy forbids
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      backgroundColor: token("--surface"),
      borderColor: token("--border"),
      textStyle: { color: token("--text") },
      valueFormatter: (value: unknown) => (value == null ? "—" : format.format(value as number) + unit),
    },
    xAxis: data.horizontal ? values : names,
    yAxis: data.horizontal ? names : values,
    series: data.series.map((one) => ({
      type: data.kind,
      name: one.name,
      data: one.values,
      stack: data.stacked ? "all" : undefined,
      barMaxWidth: 40,
      lineStyle: { width: 3 },
      symbolSize: 7,
      itemStyle: data.kind === "bar" && !data.stacked
        ? { borderRadius: data.horizontal ? [0, 4, 4, 0] : [4, 4, 0, 0] }
        : undefined,
    })),
  };
}

export function draw(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>("[data-chart]").forEach((holder) => {
    const source = document.getElementById(holder.dataset.chart!);
    if (!source?.textContent || echarts.getInstanceByDom(holder)) return;
    const data = JSON.parse(source.textContent) as Data;
    const chart = echarts.init(holder, undefined, { renderer: "svg" });
    chart.setOption(option(data));
    new ResizeObserver(() => chart.resize()).observe(holder);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chart.setOption(option(data)));
  });
}
