/** The OpenAPI document as a page to read: one file, nothing fetched, every word of the document escaped. */
import { Html, html } from './html.ts'
import { exampleOf, fieldsOf, type Field, type JsonSchema } from './json-schema.ts'
import { SCRIPT, seal, STYLE } from './reference-look.ts'
import { VERSIONS } from './versions.ts'

type Parameter = { name: string; in: string; required: boolean; description?: string; schema: JsonSchema }
type Content = Record<string, { schema?: JsonSchema; examples?: Record<string, { $ref: string }> }>
type Operation = {
  operationId: string
  tags: string[]
  summary: string
  description?: string
  deprecated?: boolean
  'x-sunset'?: string
  'x-successor'?: string
  'x-allows': string
  security: Record<string, unknown>[]
  parameters: Parameter[]
  requestBody?: { content: Content }
  responses: Record<string, { description: string; content?: Content }>
}
type Document = {
  info: { title: string; version: string; description: string }
  tags: { name: string; description?: string }[]
  paths: Record<string, Record<string, Operation>>
  components: {
    schemas: Record<string, JsonSchema>
    securitySchemes: Record<string, { description: string }>
    examples: Record<string, { summary: string }>
  }
}
type Examples = Document['components']['examples']
type Route = Operation & { method: string; path: string }
type Room = { name: string; description?: string; routes: Route[] }

const CODE_CHARS = 5

/** Where examples point until the page knows where it is served from. */
const ORIGIN = 'https://api.agentlink.io'
const CREDENTIALS: Record<string, string> = {
  session: 'Authorization: Bearer $TOKEN',
  key: 'Authorization: Bearer $AGENTLINK_KEY',
  operator: 'Authorization: Bearer $OPERATOR_TOKEN',
}

const pages = new WeakMap<object, string>()

/** The page of a document; made once. */
export function referencePage(openApi: object): string {
  const known = pages.get(openApi)
  if (known !== undefined) return known
  const page = pageOf(openApi as Document).text
  pages.set(openApi, page)
  return page
}

/** The Content-Security-Policy of the page: its own style and script, and nothing else from anywhere. */
export async function referencePolicy(): Promise<string> {
  const [style, script] = await Promise.all([hashOf(STYLE), hashOf(SCRIPT)])
  return `default-src 'none'; style-src '${style}'; script-src '${script}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return `sha256-${new Uint8Array(digest).toBase64()}`
}

function pageOf(document: Document): Html {
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  )
  const rooms = document.tags.map((tag) => ({ ...tag, routes: routes.filter(({ tags }) => tags.includes(tag.name)) }))
  const version = `v${document.info.version}`
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${document.info.title} API reference, ${version}</title>
        ${element('style', STYLE)}
      </head>
      <body>
        <a class="skip" href="#routes">Skip to the routes</a>
        <header class="mast">
          <a class="brand" href="#top" id="top">${seal()}<span>${document.info.title}</span></a>
          <span class="title">API reference</span>
          <nav class="versions" aria-label="Versions">
            ${VERSIONS.map(
              (other) =>
                html`<a href="/api/${other}/reference" ${other === version ? html` aria-current="page"` : null}
                  >${other}</a
                >`,
            )}<a href="/api/${version}/openapi.json">OpenAPI</a>
          </nav>
        </header>
        <div class="frame">
          <aside>
            <div class="find">
              <label for="find">Find a route</label
              ><input
                id="find"
                type="search"
                placeholder="path, word or role"
                autocomplete="off"
                spellcheck="false"
              /><kbd>/</kbd>
            </div>
            <p class="found" role="status" aria-live="polite"></p>
            <nav class="index" aria-label="Routes">
              ${rooms.map(indexOf)}
              <section>
                <h2><a href="#errors">Errors</a></h2>
              </section>
            </nav>
          </aside>
          <main>
            ${introduction(document, routes.length)}
            <div id="routes" tabindex="-1">${rooms.map((one) => room(one, document.components.examples))}</div>
            ${errorTable(document)}
            <p class="none" hidden>
              No route has these words. <button type="button" class="clear">Show all of them</button>
            </p>
          </main>
        </div>
        ${element('script', SCRIPT)}
      </body>
    </html>`
}

/** Our own style or script, to the letter: the policy knows it by its hash. */
function element(name: 'style' | 'script', text: string): Html {
  return new Html(`<${name}>${text}</${name}>`)
}

function indexOf({ name, routes }: Room): Html {
  return html`<section>
    <h2><a href="#${slug(name)}">${name}</a></h2>
    <ul>
      ${routes.map(
        ({ operationId, method, path, summary, deprecated }) =>
          html`<li data-for="${operationId}">
            <a href="#${operationId}" title="${summary}" ${deprecated ? html` class="old"` : null}
              >${methodTag(method)}<span>${breakable(shortPath(path))}</span></a
            >
          </li>`,
      )}
    </ul>
  </section>`
}

function introduction({ info, components }: Document, count: number): Html {
  const errorShape = exampleOf(components.schemas['Error'] ?? {}, false)
  return html`<section class="intro">
    <h1>${count} routes, one door</h1>
    ${prose(info.description)}
    <dl>
      <dt>Who you are</dt>
      <dd>
        ${Object.entries(components.securitySchemes).map(
          ([name, { description }]) => html`<p><b>${name}</b> ${inline(description)}</p>`,
        )}
      </dd>
      <dt>What goes wrong</dt>
      <dd>
        <p>
          Every error has one shape. Its <code>code</code> is three digits of HTTP status and two of cause; validation
          names every field in <code>details.fields</code>. Quote the <code>request_id</code> when you ask about one.
        </p>
        <pre tabindex="0">${JSON.stringify(errorShape, null, 2)}</pre>
      </dd>
      <dt>Lists</dt>
      <dd>
        <p>
          At most 100 items a page. Send <code>next_cursor</code> of one answer as <code>cursor</code> of the next
          request; <code>null</code> is the end.
        </p>
      </dd>
    </dl>
  </section>`
}

function room({ name, description, routes }: Room, examples: Examples): Html {
  return html`<section class="room" id="${slug(name)}">
    <header>
      <h2>${name}</h2>
      ${description === undefined ? null : prose(description)}
    </header>
    ${routes.map((route) => operation(route, examples))}
  </section>`
}

function operation(route: Route, examples: Examples): Html {
  const { operationId, method, path, summary, description, tags, parameters, requestBody } = route
  const allows = route['x-allows']
  const body = requestBody?.content['application/json']?.schema
  const words = [method, path, summary, allows, ...tags].join(' ').toLowerCase()
  const [status = '200', answer] = Object.entries(route.responses).find(([code]) => code.startsWith('2')) ?? []
  const answerSchema = answer?.content?.['application/json']?.schema
  return html`<article class="op" id="${operationId}" data-words="${words}">
    <h3><a href="#${operationId}">${summary}</a></h3>
    <p class="line">${methodTag(method)}<code>${pathOf(path)}</code></p>
    <p class="facts"><span class="who${allows === 'anyone' ? ' open' : ''}">${allows}</span>${deprecation(route)}</p>
    <div class="cols">
      <div class="tables">
        ${description === undefined ? null : prose(description)}
        ${parameters.length === 0 ? null : table('Parameters', parameters.map(parameterField), true)}
        ${body ? table('Body', fieldsOf(body), true) : null}
        ${
          answerSchema
            ? table(`Answer, ${status}`, fieldsOf(answerSchema), false)
            : html`<h4>Answer, ${status}</h4>
                <p class="soft">
                  ${answer?.content ? Object.keys(answer.content).join(' or ') : (answer?.description ?? '')}
                </p>`
        }
        ${errors(route, examples)}
      </div>
      <div class="side">
        <figure>
          <figcaption>Ask<button type="button" class="copy">Copy</button></figcaption>
          <pre tabindex="0"><code>${curl(route, body)}</code></pre>
        </figure>
        ${
          answerSchema
            ? html`<figure>
                <figcaption>Answer<span>${status}</span></figcaption>
                <pre tabindex="0"><code>${JSON.stringify(exampleOf(answerSchema, true), null, 2)}</code></pre>
              </figure>`
            : null
        }
      </div>
    </div>
  </article>`
}

function deprecation(route: Route): Html | null {
  if (!route.deprecated) return null
  const [sunset, successor] = [route['x-sunset'], route['x-successor']]
  return html`<span class="deprecated">Deprecated</span
    ><span class="soft"
      >${sunset === undefined ? null : html`may be gone after <time datetime="${sunset}">${sunset}</time>`}${successor === undefined ? null : html`; use <code>${successor}</code>`}</span
    >`
}

const PLACES: Record<string, string> = { path: 'In the path.', header: 'A header.' }

function parameterField({ name, in: place, required, description, schema }: Parameter): Field {
  const [field] = fieldsOf({ type: 'object', properties: { [name]: schema }, required: required ? [name] : [] })
  const said = [PLACES[place] ?? '', description ?? ''].filter((text) => text !== '').join(' ')
  return { name, depth: 0, type: '', isRequired: required, limits: [], ...field, description: said }
}

function table(title: string, fields: Field[], isAsked: boolean): Html {
  const rows = fields.map(
    ({ name, depth, type, isRequired, limits, description }) =>
      html`<tr${depth === 0 ? null : html` class="depth-${depth}"`}>
        <th scope="row">${name}${isAsked && isRequired ? html`<i>required</i>` : null}</th>
        <td>
          <span>${type}</span
          >${limits.map((limit) => html` <code>${limit}</code>`)}${description === '' ? null : html`<p>${inline(description)}</p>`}
        </td>
      </tr>`,
  )
  return html`<h4>${title}</h4>
    <table aria-label="${title}">
      ${rows}
    </table>`
}

/** The codes of a route's errors. What each means stands once for all routes, at the end. */
function errors({ responses }: Route, examples: Examples): Html | null {
  const causes = Object.values(responses).flatMap(({ content }) =>
    Object.values(content?.['application/json']?.examples ?? {}).map(({ $ref }) => $ref.split('/').at(-1) ?? ''),
  )
  if (causes.length === 0) return null
  return html`<h4>Errors</h4>
    <p class="codes">
      ${causes.map((cause) => html`<a href="#error-${cause}">${(examples[cause]?.summary ?? '').slice(0, CODE_CHARS)}</a> `)}
    </p>`
}

function errorTable({ components: { examples } }: Document): Html {
  const causes = Object.entries(examples).toSorted(([, a], [, b]) => a.summary.localeCompare(b.summary))
  return html`<section class="room errors" id="errors">
    <header>
      <h2>Errors</h2>
      <p>Three digits of HTTP status, two of cause. A route may say more of a cause in its <code>message</code>.</p>
    </header>
    <table aria-label="Errors">
      ${causes.map(
        ([cause, { summary }]) =>
          html`<tr id="error-${cause}">
            <th scope="row">${summary.slice(0, CODE_CHARS)}</th>
            <td>${summary.slice(CODE_CHARS + 1)}</td>
          </tr>`,
      )}
    </table>
  </section>`
}

/** The route as a command. The values in it are made up, and shaped as they have to be. */
function curl({ method, path, security, parameters }: Route, body: JsonSchema | undefined): Html {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = parameters.find((one) => one.in === 'path' && one.name === name)
    return String(exampleOf(parameter?.schema ?? { type: 'string' }, false, name)).replaceAll(' ', '-')
  })
  const needed = parameters.filter((one) => one.in === 'query' && one.required)
  const query = needed.map(
    ({ name, schema }) => `${name}=${encodeURIComponent(String(exampleOf(schema, false, name)))}`,
  )
  const credential = Object.keys(security[0] ?? {}).map((scheme) => CREDENTIALS[scheme])
  const lines = [
    ...credential.map((header) => `-H "${header}"`),
    ...(body ? [`-H 'Content-Type: application/json'`, `-d ${quoted(JSON.stringify(exampleOf(body), null, 2))}`] : []),
  ]
  const rest = lines.map((line) => ` \\\n  ${line}`).join('')
  const verb = method === 'GET' || (method === 'POST' && body) ? '' : `-X ${method} `
  return html`curl ${verb}<span class="origin">${ORIGIN}</span
    >${filled}${query.length === 0 ? '' : `?${query.join('&')}`}${rest}`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

function methodTag(method: string): Html {
  return html`<b class="method ${method.toLowerCase()}">${method}</b>`
}

/** What of a path tells routes of a version apart. */
function shortPath(path: string): string {
  return path.replace(/^\/api\/v\d+/, '')
}

/** With a place for a line break before each slash but the first. */
function breakable(path: string): Html[] {
  return path.split(/(?<=.)(?=\/)/).map((part, at) => html`${at === 0 ? null : html`<wbr />`}${part}`)
}

function pathOf(path: string): Html[] {
  return path.split(/(\{\w+\})/).map((part) => (part.startsWith('{') ? html`<var>${part}</var>` : html`${part}`))
}

/** The Markdown that descriptions use: paragraphs, code, bold and links. */
function prose(text: string): Html[] {
  return text.split(/\n{2,}/).map((paragraph) => html`<p>${inline(paragraph)}</p>`)
}

function inline(text: string): Html[] {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\(https:[^\s)]+\))/).map((part) => {
    const [, label, url] = /^\[(.+)\]\((https:.+)\)$/.exec(part) ?? []
    if (label !== undefined && url !== undefined)
      return html`<a class="link" href="${url}" rel="noreferrer">${label}</a>`
    if (part.startsWith('`') && part.length > 2) return html`<code>${part.slice(1, -1)}</code>`
    return part.startsWith('**') && part.length > 4 ? html`<b>${part.slice(2, -2)}</b>` : html`${part}`
  })
}

function slug(name: string): string {
  return `room-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`
}
