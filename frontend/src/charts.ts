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

// One after another for the series of a chart; the first is solid.
function patterns(): object[] {
  const color = token("--bg");
  const lines = { color, symbol: "rect", dashArrayX: [1, 0], dashArrayY: [3, 5] };
  return [
    { color, symbol: "none" },
    { ...lines, rotation: -Math.PI / 4 },
    { color, symbol: "circle", symbolSize: 0.9, dashArrayX: [[8, 8], [0, 8, 8, 0]], dashArrayY: [6, 0] },
    { ...lines, dashArrayY: [8, 3], rotation: Math.PI / 4 },
    { ...lines, rotation: Math.PI / 2 },
    { color, symbol: "rect", symbolSize: 0.9, dashArrayX: [[10, 4], [10, 4]], dashArrayY: [10, 4] },
  ];
}

function option(data: Data): echarts.EChartsCoreOption {
  const text = token("--text-muted");
  const lowVision = document.documentElement.hasAttribute("data-lv");
  const fontSize = Math.round(0.8125 * parseFloat(getComputedStyle(document.documentElement).fontSize));
  const named = data.series.length > 1;
  // Names in large type stand under each other, each whole
  const legend = !named ? 16 : lowVision ? data.series.length * 1.6 * fontSize + 16 : 44;
  const unit = data.unit ? ` ${data.unit}` : "";
  const names = {
    type: "category",
    data: data.labels,
    axisLabel: { color: text, fontSize, hideOverlap: true },
    axisLine: { lineStyle: { color: token("--border-strong") } },
    axisTick: { show: false },
    inverse: data.horizontal,
  };
  const values = {
    type: "value",
    axisLabel: { color: text, fontSize, formatter: (value: number) => format.format(value) },
    splitLine: { lineStyle: { color: token("--border") } },
  };
  return {
    // The figure's own caption and table say it; ECharts would describe it in English
    // In two colours patterns tell the series apart, drawn in the colour of the ground
    aria: { enabled: true, label: { enabled: false }, decal: { show: lowVision, decals: patterns() } },
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    color: [1, 2, 3, 4, 5, 6].map((i) => token(`--chart-${i}`)),
    textStyle: { fontFamily: token("--font"), fontSize, color: token("--text") },
    grid: { left: 8, right: 16, top: legend, bottom: 8, containLabel: true },
    legend: named
      ? {
          top: 0, left: 0, orient: lowVision ? "vertical" : "horizontal", itemGap: lowVision ? 0.4 * fontSize : 10,
          textStyle: { color: token("--text"), fontSize, lineHeight: 1.2 * fontSize },
          itemWidth: lowVision ? 2 * fontSize : 14, itemHeight: lowVision ? fontSize : 10,
        }
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
      itemStyle: data.kind === "bar"
        ? {
            ...(data.stacked ? {} : { borderRadius: data.horizontal ? [0, 4, 4, 0] : [4, 4, 0, 0] }),
            ...(lowVision ? { borderColor: token("--text"), borderWidth: 2 } : {}),
          }
        : undefined,
    })),
  };
}

export function draw(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>("[data-chart]").forEach((holder) => {
    const source = document.getElementById(holder.dataset.chart!);
    if (!source?.textContent || echarts.getInstanceByDom(holder)) return;
    const data = JSON.parse(source.textContent) as Data;
    if (document.documentElement.hasAttribute("data-lv")) {
      holder.style.height = `calc(20rem + ${data.series.length > 1 ? 1.3 * data.series.length : 0}rem)`;
    }
    const chart = echarts.init(holder, undefined, { renderer: "svg" });
    chart.setOption(option(data));
    new ResizeObserver(() => chart.resize()).observe(holder);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chart.setOption(option(data)));
  });
}
