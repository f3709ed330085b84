/** How the reference page looks and what little of it moves. The colours are the site's (site/src/style/tokens.css). */
import { Html } from './html.ts'

const TURNS = 16
const STEPS = 360

/** The seal of the reference: two hypotrochoids, as engraved on documents of value. */
export function seal(): Html {
  const curve = (ratio: number, reach: number): string => {
    const points = Array.from({ length: STEPS + 1 }, (_, step) => {
      const angle = (step / STEPS) * Math.PI * 2
      const [x, y] = [Math.cos, Math.sin].map((of) => 24 + 13 * of(angle) + reach * of(angle * ratio))
      return `${x?.toFixed(1)} ${y?.toFixed(1)}`
    })
    return `<path d="M${points.join('L')}Z"/>`
  }
  const curves = curve(-TURNS, 8.5) + curve(1 - TURNS / 2, 5)
  return new Html(
    `<svg viewBox="0 0 48 48" aria-hidden="true"><circle class="ring" cx="24" cy="24" r="23"/>${curves}</svg>`,
  )
}

export const STYLE = `
:root{color-scheme:light dark;
--paper:light-dark(#fdfcf9,#081624);--sheet:light-dark(#fffefc,#0c1e30);--tint:light-dark(#f1f7fb,#10273d);
--ink:light-dark(#082f49,#e8f2f9);--soft:light-dark(#3a566a,#a9c1d2);--line:light-dark(#dbe3e8,#1d3a53);
--strong:light-dark(#7b93a3,#6f8ea6);--action:light-dark(#0369a1,#7dd3fc);--engraving:light-dark(#0c4a6e,#7dd3fc);
--wax:light-dark(#b3311a,#ff8f73);--success:light-dark(#166534,#4ade80);
--text:'Inter Variable',Inter,ui-sans-serif,system-ui,'PingFang SC','Noto Sans CJK SC','Microsoft YaHei',sans-serif;
--mono:'JetBrains Mono Variable','JetBrains Mono',ui-monospace,'SF Mono',Menlo,Consolas,monospace;--mast:56px}
*{box-sizing:border-box;margin:0}
html{scroll-padding-top:calc(var(--mast) + 24px);-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{background:var(--paper);color:var(--ink);font:400 15px/1.6 var(--text);font-feature-settings:'ss01','zero','tnum'}
a{color:inherit;text-decoration:none}
a:hover{color:var(--action)}
.link{color:var(--action);text-decoration:underline;text-underline-offset:3px}
:focus-visible{outline:2px solid var(--action);outline-offset:2px;border-radius:3px}
code,pre,kbd,.line,.index,.codes,th,td>span{font-family:var(--mono);font-variant-ligatures:none}
p code,td code,.soft code{font-size:.86em;background:var(--tint);border-radius:4px;padding:1px 5px;overflow-wrap:anywhere}
.soft{color:var(--soft)}
.unseen{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
.skip{position:fixed;top:-60px;left:16px;z-index:3;background:var(--ink);color:var(--paper);padding:8px 16px;border-radius:6px}
.skip:focus{top:8px}
.mast{position:sticky;top:0;z-index:2;display:flex;align-items:center;gap:16px;height:var(--mast);padding:0 32px;background:var(--paper);border-bottom:1px solid var(--line)}
.brand{display:flex;align-items:center;gap:10px;font-weight:650;letter-spacing:-.01em}
.brand svg{width:32px;height:32px;fill:none;stroke:var(--engraving);stroke-width:.5}
.brand .ring{stroke:var(--wax);stroke-width:1}
.title{color:var(--soft);padding-left:16px;border-left:1px solid var(--line)}
.versions{display:flex;gap:4px;margin-left:auto;font:500 13px var(--mono)}
.versions a{padding:6px 10px;border-radius:6px;color:var(--soft)}
.versions a:hover{background:var(--tint)}
.versions [aria-current]{background:var(--tint);color:var(--ink)}
.frame{display:grid;grid-template-columns:272px minmax(0,1fr);max-width:1440px;margin:0 auto}
aside{position:sticky;top:var(--mast);height:calc(100vh - var(--mast));overflow-y:auto;padding:24px 16px 48px 32px;border-right:1px solid var(--line);scrollbar-width:thin}
.find{position:relative}
.find label{display:block;font-size:13px;color:var(--soft);margin-bottom:6px}
.find input{width:100%;height:36px;padding:0 36px 0 12px;font:400 14px var(--text);color:var(--ink);background:var(--sheet);border:1px solid var(--strong);border-radius:6px}
.find input::placeholder{color:var(--soft);opacity:1}
.find kbd{position:absolute;right:8px;bottom:8px;font-size:11px;line-height:18px;padding:0 6px;border:1px solid var(--line);border-radius:4px;color:var(--soft)}
.find input:focus~kbd{visibility:hidden}
.found{min-height:20px;font-size:12px;color:var(--soft);margin:6px 0 10px}
.index section+section{margin-top:20px}
.index h2{font:600 13px var(--text);margin-bottom:4px}
.index ul{list-style:none;padding:0}
.index li a{display:flex;align-items:baseline;gap:8px;padding:3px 8px;margin-left:-8px;border-radius:6px;font-size:12px;line-height:1.5;color:var(--soft)}
.index li a:hover,.index li a.here{background:var(--tint);color:var(--ink)}
.index li span{overflow-wrap:anywhere;min-width:0}
.index .old span{text-decoration:line-through}
.method{flex:none;font:600 10.5px var(--mono);letter-spacing:.02em;color:var(--action)}
.index .method{width:44px}
.method.post{color:var(--success)}
.method.put{color:var(--ink)}
.method.delete{color:var(--wax)}
main{padding:48px 48px 120px;min-width:0}
.intro{max-width:760px;padding-bottom:24px}
h1{font-size:38px;line-height:1.15;letter-spacing:-.028em;font-weight:640;margin-bottom:16px}
.intro>p{font-size:17px;max-width:66ch;color:var(--soft)}
.intro dl{display:grid;grid-template-columns:152px minmax(0,1fr);margin-top:32px;border-top:1px solid var(--line)}
.intro dt,.intro dd{padding:16px 0;border-bottom:1px solid var(--line)}
.intro dt{font-weight:600}
.intro dd p+p{margin-top:4px}
.intro dd b{display:inline-block;min-width:92px;font:500 13px var(--mono);color:var(--soft)}
.intro dd pre{margin-top:12px}
.room>header{padding:56px 0 16px;border-bottom:1px solid var(--ink)}
.room h2{font-size:26px;line-height:1.2;letter-spacing:-.02em;font-weight:640}
.room header p{color:var(--soft);max-width:66ch;margin-top:6px}
.op{--gap:24px;padding:36px 0 37px var(--gap);margin-left:calc(0px - var(--gap));position:relative;background:linear-gradient(var(--line),var(--line)) 100% 100%/calc(100% - var(--gap)) 1px no-repeat;content-visibility:auto;contain-intrinsic-size:auto 720px}
.op:target::before{content:'';position:absolute;left:0;top:36px;bottom:36px;width:2px;background:var(--action)}
h3{font-size:18px;line-height:1.35;letter-spacing:-.012em;font-weight:620;max-width:60ch}
.line{display:flex;align-items:baseline;gap:10px;margin-top:8px;font-size:13.5px}
.line .method{font-size:12px}
.line code{overflow-wrap:anywhere;min-width:0}
.line var{font-style:normal;color:var(--action)}
.facts{display:flex;flex-wrap:wrap;gap:6px 10px;align-items:baseline;margin-top:10px;font-size:13px}
.who,.deprecated{font:500 12px var(--mono);padding:2px 8px;border:1px solid var(--strong);border-radius:6px}
.who.open{border-style:dashed;color:var(--soft)}
.deprecated{border-color:var(--wax);color:var(--wax)}
.cols{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,420px);gap:16px 48px;margin-top:8px}
.tables>p{max-width:66ch;margin-top:12px}
h4{font-size:13px;font-weight:600;margin:24px 0 4px}
table{width:100%;border-collapse:collapse;font-size:13.5px;table-layout:fixed}
tr{border-top:1px solid var(--line)}
th,td{padding:8px 0;text-align:left;vertical-align:baseline}
th{width:38%;font-weight:500;font-size:12.5px;padding-right:16px;overflow-wrap:anywhere}
td p{color:var(--soft);margin-top:2px}
td>span{font-size:12.5px;color:var(--soft)}
th i{display:block;font:400 11.5px var(--text);color:var(--action)}
.depth-1 th{padding-left:16px}.depth-2 th{padding-left:32px}.depth-3 th{padding-left:48px}
.depth-4 th{padding-left:56px}.depth-5 th{padding-left:64px}.depth-6 th{padding-left:72px}
.depth-1 th,.depth-2 th,.depth-3 th,.depth-4 th,.depth-5 th,.depth-6 th{background:linear-gradient(var(--line),var(--line)) 4px 0/1px 100% no-repeat;font-weight:400}
.codes{display:flex;flex-wrap:wrap;gap:2px 4px;margin:6px 0 0 -6px;font-size:12.5px;color:var(--soft)}
.codes a{padding:3px 6px;border-radius:4px}
.codes a:hover,.codes a:focus-visible{background:var(--tint)}
.errors table{margin-top:0}
.errors th{width:88px}
.errors tr:target{background:var(--tint)}
.side{display:grid;gap:16px;align-self:start;margin-top:24px;position:sticky;top:calc(var(--mast) + 24px)}
figure{border:1px solid var(--line);border-radius:6px;background:var(--sheet);overflow:hidden;min-width:0}
figcaption{display:flex;justify-content:space-between;align-items:center;min-height:36px;padding:0 8px 0 14px;font-size:12px;color:var(--soft);border-bottom:1px solid var(--line)}
figcaption span{font:500 12px var(--mono);padding-right:6px}
pre{font-size:12px;line-height:1.65;padding:12px 14px;overflow:auto;max-height:40vh;background:var(--sheet);scrollbar-width:thin}
.intro pre{border:1px solid var(--line);border-radius:6px}
button{font:500 12px var(--text);color:var(--action);background:none;border:0;padding:6px 8px;border-radius:4px;cursor:pointer}
button:hover{background:var(--tint)}
.none{padding:64px 0;font-size:17px}
.none button{font-size:17px}
[hidden]{display:none!important}
@media(max-width:1180px){.cols{grid-template-columns:minmax(0,1fr)}.side{margin-top:8px;position:static}main{padding:40px 40px 96px}}
@media(max-width:800px){
.frame{display:block}
.mast{padding:0 16px;gap:10px}.title{display:none}
html{scroll-padding-top:calc(var(--mast) + 112px)}
aside{top:var(--mast);z-index:1;height:auto;padding:12px 16px 0;border:0;border-bottom:1px solid var(--line);background:var(--paper)}
.find label{position:absolute;clip-path:inset(50%)}
.find input{height:40px;font-size:16px}.find kbd,.found:empty{display:none}
.found{margin:4px 0 0}
.index{display:flex;gap:20px;overflow-x:auto;scrollbar-width:none;margin:0 -16px;padding:0 16px}
.index section+section{margin:0}.index ul{display:none}
.index h2{margin:0;white-space:nowrap}.index h2 a{display:block;padding:12px 0}
main{padding:32px 16px 80px}
h1{font-size:31px}.intro>p{font-size:16px}
.intro dl{grid-template-columns:minmax(0,1fr)}.intro dt{border:0;padding-bottom:0}.intro dd{padding-top:4px}
.op{--gap:16px}
th{width:44%}
}
@media print{aside,.versions,.copy{display:none}.frame{display:block}.mast{position:static}pre{max-height:none;white-space:pre-wrap}}
`

/** Finding, copying, and where one is in the index. Without it the page is whole, and only longer to search. */
export const SCRIPT = `
const find = document.getElementById('find')
const routes = [...document.querySelectorAll('.op')]
const links = new Map([...document.querySelectorAll('.index li')].map((li) => [li.dataset.for, li]))
const found = document.querySelector('.found')
const none = document.querySelector('.none')
function filter() {
  const words = find.value.toLowerCase().split(/\\s+/).filter(Boolean)
  let shown = 0
  for (const route of routes) {
    const isShown = words.every((word) => route.dataset.words.includes(word))
    route.hidden = !isShown
    links.get(route.id).hidden = !isShown
    if (isShown) shown++
  }
  for (const room of document.querySelectorAll('.room, .index section'))
    room.hidden = words.length > 0 && !room.querySelector('.op:not([hidden]), li:not([hidden])')
  document.querySelector('.intro').hidden = words.length > 0
  none.hidden = shown > 0
  found.textContent = words.length > 0 ? shown + ' of ' + routes.length + ' routes' : ''
}
find.addEventListener('input', filter)
document.querySelector('.clear').addEventListener('click', () => { find.value = ''; filter(); find.focus() })
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && !event.target.closest('input') && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault()
    find.focus()
  } else if (event.key === 'Escape' && event.target === find) { find.value = ''; filter() }
})
for (const code of document.querySelectorAll('.codes a')) code.title = document.querySelector(code.hash + ' td').textContent
for (const origin of document.querySelectorAll('.origin')) origin.textContent = location.origin
document.addEventListener('click', async (event) => {
  if (!event.target.matches('.copy')) return
  await navigator.clipboard.writeText(event.target.closest('figure').querySelector('pre').textContent)
  event.target.textContent = 'Copied'
  setTimeout(() => { event.target.textContent = 'Copy' }, 1500)
})
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const link = links.get(target.id).firstElementChild
    link.classList.toggle('here', isIntersecting)
    if (isIntersecting) link.setAttribute('aria-current', 'true')
    else link.removeAttribute('aria-current')
  }
}, { rootMargin: '-20% 0px -75% 0px' })
for (const route of routes) seen.observe(route)
if (location.hash && document.getElementById(location.hash.slice(1))?.matches('.op')) document.getElementById(location.hash.slice(1)).scrollIntoView()
`
