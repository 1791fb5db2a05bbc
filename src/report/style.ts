/** The page's style: light and dark, from phones to paper. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f5f6f8; --ink: #1b1f24; --faint: #5f6873; --rule: #d9dde3;
  --front: #1b1f24; --beaten: #1b1f2408;
  --q32: #0b63b0; --q8: #c2550a; --q4: #0b7f5c; --other: #8a3ea8;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --panel: #1d2126; --ink: #e6e9ed; --faint: #9aa4b0; --rule: #363c44;
    --front: #e6e9ed; --beaten: #ffffff0a;
    --q32: #62aef2; --q8: #f29a4c; --q4: #3fc799; --other: #cf8ae8;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2.5rem clamp(1rem, 4vw, 3rem); max-width: 80rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
h1 { margin: 0; font-size: clamp(1.6rem, 5vw, 2.4rem); line-height: 1.15; overflow-wrap: anywhere; }
h2 { margin: 3rem 0 .6rem; font-size: 1.35rem; }
h3 { margin: 1.6rem 0 .4rem; font-size: 1rem; }
p { margin: .5rem 0; max-width: 48rem; }
code, pre { font-family: var(--mono); font-size: .92em; }
dd, li code { overflow-wrap: anywhere; }
p code { display: inline-block; max-width: 100%; overflow-wrap: anywhere; line-height: 1.2; }
.kicker { margin: 0 0 .3rem; color: var(--faint); font-size: .85rem; letter-spacing: .04em; }
.summary { font-size: 1.08rem; }
.picks { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.4rem, 1fr)); gap: .8rem; margin: 1.6rem 0 0; padding: 0; list-style: none; }
.pick { padding: .7rem .8rem .8rem; background: var(--panel); border-radius: .5rem; }
.pick p { margin: 0; }
.pick .what { color: var(--faint); font-size: .82rem; font-weight: 600; line-height: 1.3; }
.pick code { font-size: .88em; }
.pick .figure { margin-top: .3rem; font-size: 1.5rem; font-weight: 650; font-variant-numeric: tabular-nums; }
.pick ul { margin: .3rem 0 0; padding: 0; list-style: none; color: var(--faint); font-size: .88rem; }
.legend { display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem 1.1rem; margin: .6rem 0; padding: 0; list-style: none; font-size: .88rem; }
.legend svg { vertical-align: -3px; }
.plot { margin: 1.8rem 0 0; }
.plot svg { display: block; width: 100%; height: auto; }
.plot .narrow { display: none; }
.plot figcaption { margin-top: .3rem; color: var(--faint); font-size: .85rem; }
.front { display: inline; margin: 0; padding: 0; list-style: none; }
.front li { display: inline-block; }
.front li:not(:last-child) { margin-right: .9em; }
.front b { color: var(--ink); }
svg text { fill: var(--ink); font-family: inherit; }
svg .tick { fill: var(--faint); font-size: 12px; font-variant-numeric: tabular-nums; }
svg .axis { fill: var(--faint); font-size: 12.5px; }
svg .label { font-family: var(--mono); paint-order: stroke; stroke: var(--paper); stroke-width: 2.5px; stroke-linejoin: round; }
svg .label.on { font-weight: 600; }
svg .label.off { fill: var(--faint); }
.grid, .frame, .steps, .leader { fill: none; }
.grid { stroke: var(--rule); stroke-width: .7; stroke-dasharray: 2 3; }
.frame { stroke: var(--faint); }
.steps { stroke: var(--front); stroke-width: 1.4; }
.leader { stroke: var(--faint); stroke-width: .7; }
.beaten { fill: var(--beaten); }
.mark { stroke-width: 1.5; stroke: currentColor; fill: currentColor; }
.mark.off { fill: var(--paper); fill-opacity: .6; stroke-opacity: .8; }
.mark.on { stroke: var(--paper); stroke-width: 1; }
.mark.q32 { color: var(--q32); } .mark.q8 { color: var(--q8); } .mark.q4 { color: var(--q4); }
.mark.other { color: var(--other); } .mark.plain { color: var(--faint); }
.scroll { overflow-x: auto; border: 1px solid var(--rule); border-radius: .5rem; }
.scroll:focus-visible, pre:focus-visible { outline: 2px solid var(--q32); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: .82rem; font-variant-numeric: tabular-nums; }
caption { padding: .6rem .8rem; text-align: left; color: var(--faint); position: sticky; left: 0; max-width: calc(100vw - 2.2rem); }
th, td { padding: .28rem .42rem; text-align: right; white-space: nowrap; border-top: 1px solid var(--rule); }
thead th { vertical-align: bottom; font-weight: 600; background: var(--panel); }
th small { display: block; color: var(--faint); font-weight: 400; }
tbody th { font-weight: 600; }
th.name { position: sticky; left: 0; text-align: left; background: var(--paper); }
thead th.name { background: var(--panel); }
th.text, td.text { text-align: left; }
.dominated td, .dominated th { color: var(--faint); font-weight: 400; }
.number { color: var(--faint); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 0 2.5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0; font-size: .92rem; }
dt { color: var(--faint); }
dd { margin: 0; }
pre { margin: .4rem 0; padding: .8rem 1rem; overflow-x: auto; background: var(--panel); border-radius: .5rem; }
footer { margin-top: 3rem; border-top: 1px solid var(--rule); color: var(--faint); font-size: .85rem; }
@media screen and (max-width: 40rem) {
  body { padding-top: 1.5rem; }
  .plot .wide { display: none; }
  .plot .narrow { display: block; }
  .front { display: block; margin-top: .2rem; }
  .front li { display: block; }
  th, td { padding: .25rem .45rem; }
}
@page { size: A4; margin: 14mm 12mm; }
@page table { size: A4 landscape; margin: 12mm; }
@media print {
  :root {
    color-scheme: light;
    --paper: #ffffff; --panel: #f2f3f5; --ink: #000000; --faint: #4a525c; --rule: #c4c9d0;
    --front: #000000; --beaten: #0000000a;
    --q32: #0b63b0; --q8: #b84c00; --q4: #0b7f5c; --other: #8a3ea8;
  }
  html { font-size: 12.5px; }
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  h1 { font-size: 20pt; }
  h2 { margin-top: 1.2rem; font-size: 13pt; }
  .summary { font-size: 10.5pt; }
  .picks { margin-top: .8rem; }
  .legend { font-size: 8pt; }
  h2, h3 { break-after: avoid; }
  p { max-width: none; }
  .plot, .plot h3 { margin-top: .6rem; }
  .plot .wide { width: auto; max-width: 100%; height: 8.6cm; }
  .plot figcaption { font-size: 7.5pt; line-height: 1.4; }
  .pick, .plot, .facts > div, tr { break-inside: avoid; }
  .scroll { overflow: visible; border: 0; }
  .pick, thead th, pre, .mark, .beaten { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .all { page: table; }
  .all h2 { margin-top: 0; }
  table { font-size: 7pt; line-height: 1.35; }
  caption { position: static; padding-left: 0; }
  thead { display: table-header-group; }
  th, td { padding: .12rem .3rem; }
  th.name { position: static; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
}
`;
