/**
 * workerd's own configuration (workerd.capnp in its package) for a built Worker, read off wrangler.toml. `wrangler dev` and
 * miniflare put Workers of their own before the door and behind every outgoing `fetch`; here nothing stands in between.
 */
import type { Unstable_Config } from 'wrangler'

export type Module = { name: string; text: string }

export type WorkerdConfig = {
  /** The first is the main module; it may import the others by name. */
  modules: Module[]
  bindings: Record<string, string>
  /** wrangler.toml, as wrangler reads it. */
  wrangler: Pick<
    Unstable_Config,
    'compatibility_date' | 'compatibility_flags' | 'durable_objects' | 'migrations' | 'queues'
  >
  /** Where objects keep their state. */
  storageDir: string
  /** 0: any free one. */
  port: number
  /** The module of `queue-broker.ts`. */
  broker: Module
  /** Where queues keep what they hold, as `host:port`. Without it that is gone with workerd. */
  journal?: string | undefined
}

/** The sockets, by the names under which workerd reports their ports. */
export const SOCKETS = { door: 'door', control: 'control' } as const

/** The text of a configuration. Throws if wrangler.toml asks for something that is not modelled here. */
export function workerdConfig(options: WorkerdConfig): string {
  const { modules, bindings, wrangler, storageDir, port, broker, journal } = options
  const objects = wrangler.durable_objects.bindings
  const withSqlite = new Set(wrangler.migrations.flatMap((migration) => migration.new_sqlite_classes ?? []))
  for (const { class_name } of objects)
    if (!withSqlite.has(class_name)) throw new Error(`The class ${class_name} has no SQLite storage.`)
  const compatibility = {
    compatibilityDate: text(wrangler.compatibility_date ?? ''),
    compatibilityFlags: list(wrangler.compatibility_flags.map(text)),
  }
  const worker = {
    modules: list(modules.map(esModule)),
    ...compatibility,
    bindings: list([
      ...Object.entries(bindings).map(([name, value]) => struct({ name: text(name), text: text(value) })),
      ...objects.map(({ name, class_name }) => struct({ name: text(name), durableObjectNamespace: text(class_name) })),
      ...(wrangler.queues.producers ?? []).map(({ binding, queue }) =>
        struct({
          name: text(binding),
          queue: struct({ name: text('queues'), props: struct({ json: text(JSON.stringify({ queue })) }) }),
        }),
      ),
    ]),
    durableObjectNamespaces: list(
      objects.map(({ class_name }) =>
        struct({ className: text(class_name), uniqueKey: text(`agentlink-${class_name}`), enableSql: 'true' }),
      ),
    ),
    durableObjectStorage: struct({ localDisk: text('objects') }),
  }
  const queues = {
    modules: list([esModule(broker)]),
    ...compatibility,
    compatibilityFlags: list([text('experimental'), text('service_binding_extra_handlers')]),
    bindings: list([
      struct({ name: text('WORKER'), service: text('worker') }),
      struct({ name: text('CONSUMERS'), json: text(JSON.stringify(wrangler.queues.consumers ?? [])) }),
      ...(journal === undefined ? [] : [struct({ name: text('JOURNAL'), service: text('journal') })]),
    ]),
  }
  const services = [
    struct({ name: text('worker'), worker: struct(worker) }),
    struct({ name: text('queues'), worker: struct(queues) }),
    // The stand-ins are on this machine, which workerd counts as a private network.
    struct({ name: text('internet'), network: struct({ allow: list([text('public'), text('private')]) }) }),
    ...(journal === undefined
      ? []
      : [struct({ name: text('journal'), external: struct({ address: text(journal), http: '()' }) })]),
    struct({ name: text('objects'), disk: struct({ path: text(storageDir), writable: 'true' }) }),
  ]
  const sockets = [
    struct({ name: text(SOCKETS.door), address: text(`127.0.0.1:${port}`), http: '()', service: text('worker') }),
    struct({ name: text(SOCKETS.control), address: text('127.0.0.1:0'), http: '()', service: text('queues') }),
  ]
  const config = struct({ services: list(services), sockets: list(sockets) })
  return `using Workerd = import "/workerd/workerd.capnp";\nconst config :Workerd.Config = ${config};\n`
}

function esModule({ name, text: source }: Module): string {
  return struct({ name: text(name), esModule: text(source) })
}

function struct(fields: Record<string, string>): string {
  return `(${Object.entries(fields)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')})`
}

function list(items: string[]): string {
  return `[${items.join(', ')}]`
}

/** Cap'n Proto's text format takes strings as C does; JSON's `\uXXXX` is the one escape that it does not know. */
function text(value: string): string {
  return JSON.stringify(value).replaceAll(/\\u00([0-9a-f]{2})/g, String.raw`\x$1`)
}
