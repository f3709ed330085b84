import type { APIRoute } from 'astro'
import { sealSvg } from '../seal/seal.ts'

/** The mark of the house for a browser's tab, with colours that hold on light and dark. */
export const GET: APIRoute = () => {
  const svg = sealSvg('agentlink', { sizePx: 32, isVerified: true, ink: '#0284c7', wax: '#d9472b' })
  return new Response(svg.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" '), {
    headers: { 'content-type': 'image/svg+xml' },
  })
}
