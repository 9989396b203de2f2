// The style sheet of html_report. Six series colours of about equal lightness that stay apart for
// colour-blind readers (after Okabe and Ito 2008, darkened or lightened for each scheme).
#pragma once

namespace ronchi {

inline constexpr char kReportStyle[] = R"css(
:root { color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b2129; --muted: #5c6673; --line: #dde1e7;
  --grid: #e8ebef; --accent: #0b63b5; --good: #14804a; --warning: #a85f00; --bad: #c0281f;
  --span0: #0b63b514; --span1: #14804a14;
  --c0: #0b63b5; --c1: #c9520a; --c2: #0c8a68; --c3: #a3458c; --c4: #8a7400; --c5: #4a5563; }
@media (prefers-color-scheme: dark) { :root {
  --page: #12161b; --card: #1a2027; --ink: #e6eaf0; --muted: #9aa6b4; --line: #323b46;
  --grid: #27303a; --accent: #6db3f5; --good: #52c78b; --warning: #f0a94a; --bad: #ff7a6e;
  --span0: #6db3f51c; --span1: #52c78b1c;
  --c0: #6db3f5; --c1: #f79256; --c2: #46c9a4; --c3: #dd8fcb; --c4: #d9c04a; --c5: #b3bdc9; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); overflow-wrap: break-word;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 2.2rem 1.25rem 3rem; }
h1 { font-size: 1.85rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.01em; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .8rem; }
h3 { font-size: 1rem; margin: 0 0 .4rem; }
p { margin: .6rem 0; max-width: 72ch; }
.lead { font-size: 1.08rem; color: var(--muted); margin-bottom: 1.4rem; }
.tiles { display: grid; gap: .75rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 9.5rem), 1fr)); }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: .8rem .95rem; display: flex; flex-direction: column; }
.tile .name, .tile .note { font-size: .82rem; color: var(--muted); line-height: 1.35; }
.tile .value { font-size: 1.5rem; font-weight: 650; line-height: 1.3; letter-spacing: -.01em; }
.tile small { white-space: nowrap; font-size: .9rem; font-weight: 500; color: var(--muted); }
.tile.good .value { color: var(--good); } .tile.warning .value { color: var(--warning); }
.tile.bad .value { color: var(--bad); }
.banner { background: var(--card); border: 1px solid var(--line); border-left: 6px solid var(--muted);
  border-radius: 10px; padding: .8rem 1rem; margin: 1rem 0; }
.banner.bad { border-color: var(--bad); } .banner.bad strong { color: var(--bad); }
.banner.warning { border-color: var(--warning); } .banner.warning strong { color: var(--warning); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; font-size: .93rem;
  font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); font-size: .88rem; padding: 0 0 .4rem; }
th, td { text-align: left; padding: .42rem .7rem; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { color: var(--muted); font-weight: 600; font-size: .85rem; border-bottom-width: 2px; }
.number { text-align: right; white-space: nowrap; }
figure { margin: 0; }
figcaption { font-size: .86rem; color: var(--muted); margin-top: .45rem; line-height: 1.4; }
.pictures { display: grid; gap: 1rem; margin: 1rem 0; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 13.5rem), 1fr)); }
.pictures figure { max-width: 480px; }
.pictures img { width: 100%; display: block; border-radius: 6px; }
.chart { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: .9rem 1rem; margin: 1rem 0; }
.charts { display: grid; gap: 1rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); }
.charts .chart { margin: 0; }
.chart svg { display: block; width: 100%; height: auto; }
.narrow { display: none; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .15rem 1.1rem; padding: 0;
  margin: 0 0 .35rem; font-size: .88rem; }
.legend li { display: flex; align-items: center; gap: .45rem; }
.key { width: 1.25rem; border-top: 3px solid; border-radius: 2px; }
.key.dashed { border-top-style: dashed; border-radius: 0; }
svg text { font-size: 12px; fill: var(--ink); font-family: inherit; }
svg text.tick, svg text.muted, svg text.neutral { fill: var(--muted); }
svg text.tick { font-variant-numeric: tabular-nums; }
svg text.good { fill: var(--good); } svg text.warning { fill: var(--warning); }
svg text.bad { fill: var(--bad); font-weight: 600; }
.grid { stroke: var(--grid); } .axis { stroke: var(--muted); }
.level { stroke: var(--muted); stroke-dasharray: 6 4; stroke-width: 1.3; }
.marker { stroke: var(--muted); stroke-width: 1.4; stroke-dasharray: 2 3; }
.marker.good { stroke: var(--good); } .marker.warning { stroke: var(--warning); }
.marker.bad { stroke: var(--bad); stroke-dasharray: none; stroke-width: 1.8; }
.span0 { fill: var(--span0); } .span1 { fill: var(--span1); }
.line { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round;
  stroke-linecap: round; }
.line.dashed { stroke-dasharray: 7 5; stroke-linecap: butt; }
.band { fill: currentColor; opacity: .16; } .dot { fill: currentColor; }
.c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); }
.c3 { color: var(--c3); } .c4 { color: var(--c4); } .c5 { color: var(--c5); }
details { border: 1px solid var(--line); border-radius: 10px; background: var(--card);
  margin: .8rem 0; }
summary { cursor: pointer; padding: .6rem .95rem; font-weight: 600; }
pre { margin: 0; padding: .2rem .95rem .9rem; overflow-x: auto; line-height: 1.45;
  font: .84rem/1.45 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
footer { margin-top: 2.5rem; padding-top: .8rem; border-top: 1px solid var(--line);
  font-size: .84rem; color: var(--muted); }
@media (max-width: 600px) { .wide { display: none; } .narrow { display: block; } }
@media (max-width: 560px) { main { padding: 1.3rem .9rem 2rem; } h1 { font-size: 1.5rem; }
  .tiles { grid-template-columns: repeat(2, 1fr); } .tile .value { font-size: 1.3rem; }
  .chart { padding: .7rem .6rem; } th, td { padding: .4rem .5rem; } }
@media print { body { background: none; } .chart, .tile, figure { break-inside: avoid; } }
)css";

}  // namespace ronchi
