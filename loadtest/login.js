// k6: people who log in through the real pages, cookies and CSRF tokens included, and whose site exchanges the code.
// ISSUER, VUS (virtual users) and DURATION come from the environment; run.sh sets them. An iteration is one whole login.
import http from 'k6/http'
import crypto from 'k6/crypto'
import encoding from 'k6/encoding'
import { check, fail } from 'k6'
import { Trend } from 'k6/metrics'

const issuer = __ENV.ISSUER
const redirectUri = 'http://127.0.0.1/callback'
const client = 'load.web'
const rounds = new Trend('login_round', true)

export const options = {
  vus: Number(__ENV.VUS ?? 4),
  duration: __ENV.DURATION ?? '10s',
  thresholds: { checks: ['rate==1'], http_req_failed: ['rate==0'] },
  summaryTrendStats: ['avg', 'med', 'p(95)', 'p(99)', 'max'],
}

const query = (parameters) => Object.entries(parameters).map((pair) => pair.map(encodeURIComponent).join('=')).join('&')
const random = () => encoding.b64encode(crypto.randomBytes(32), 'rawurl')

// Follows redirects within the issuer. Nothing listens at the redirect URI: the browser's way ends there, with the code.
function follow(answer) {
  while (answer.status === 302 || answer.status === 303) {
    const location = answer.headers.Location
    if (location.startsWith(redirectUri)) return { code: /[?&]code=([^&]+)/.exec(location)?.[1], answer }
    answer = http.get(location.startsWith('/') ? issuer + location : location, { redirects: 0 })
  }
  return { answer }
}

export default function () {
  const began = Date.now()
  tokensOf(client, 'openid profile email')
  rounds.add(Date.now() - began)
}

// One login through the pages, and the tokens that the site gets; `proof` is what a confidential one sends with its code.
export function tokensOf(site, scope, proof = {}) {
  const verifier = random()
  const request = {
    response_type: 'code',
    client_id: site,
    redirect_uri: redirectUri,
    scope,
    state: random(),
    nonce: random(),
    code_challenge: crypto.sha256(verifier, 'base64rawurl'),
    code_challenge_method: 'S256',
  }
  const { answer: page } = follow(http.get(`${issuer}/authorize?${query(request)}`, { redirects: 0 }))
  if (!check(page, { 'login page': (a) => a.status === 200 && a.html('input[type=password]').size() === 1 })) fail(`no login page: ${page.status}`)

  // submitForm sends the hidden fields, too: ticket and CSRF token.
  const { code } = follow(
    page.submitForm({ formSelector: 'form:has(input[type=password])', fields: { username: 'load', password: 'a password under load' }, params: { redirects: 0 } }),
  )
  if (!check(code, { 'a code comes back': (c) => Boolean(c) })) fail('the login did not end at the redirect URI')

  const tokens = http.post(`${issuer}/token`, {
    grant_type: 'authorization_code',
    code: decodeURIComponent(code),
    redirect_uri: redirectUri,
    client_id: site,
    code_verifier: verifier,
    ...proof,
  })
  check(tokens, { 'tokens for the code': (a) => a.status === 200 && Boolean(a.json('id_token')) && Boolean(a.json('refresh_token')) })
  return tokens.json()
}
