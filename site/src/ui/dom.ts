/** Small tools for pieces that act. Text goes in as text, never as markup. */

type Content = Node | string

/** A new element with attributes and children. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string> = {},
  ...children: Content[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/** The one element below `root` that carries `data-part="name"`. Throws when the markup has none, or one of another kind. */
export function part<T extends HTMLElement>(root: ParentNode, name: string, kind: new () => T): T {
  const found = root.querySelector(`[data-part="${name}"]`)
  if (!(found instanceof kind)) throw new Error(`The markup has no ${kind.name} with data-part="${name}".`)
  return found
}

/** Makes `markup` of our own, such as a seal, into an element. Never for anything that came over the wire. */
export function fromMarkup(markup: string): Element {
  const template = document.createElement('template')
  template.innerHTML = markup
  const first = template.content.firstElementChild
  if (!first) throw new Error('This markup holds no element.')
  return first
}
