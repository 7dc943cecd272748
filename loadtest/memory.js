// k6: the mix of memory.sh. Of a hundred turns one is a whole login (three requests), 40 are client credentials, 39 introspections, 20 refreshes.
// ISSUER, VUS (virtual users) and TURNS come from the environment; memory.sh sets them.
import http from 'k6/http'
import exec from 'k6/execution'
import encoding from 'k6/encoding'
import { check } from 'k6'
import login, { tokensOf } from './login.js'

const issuer = __ENV.ISSUER
const secret = 'secret-of-the-load-test'
const service = { headers: { Authorization: `Basic ${encoding.b64encode(`load.service:${secret}`)}` } }
const office = { client_id: 'load.office', client_secret: secret }

export const options = {
  scenarios: {
    mix: { executor: 'shared-iterations', vus: Number(__ENV.VUS ?? 16), iterations: Number(__ENV.TURNS), maxDuration: '1h' },
  },
  thresholds: { checks: ['rate==1'], http_req_failed: ['rate==0'] },
}

export function setup() {
  return tokensOf(office.client_id, 'openid profile orders:read', { client_secret: secret })
}

// The token that this virtual user was given last.
let access

export default function (first) {
  const turn = exec.scenario.iterationInTest % 100
  if (turn === 0) return login()
  if (turn <= 40) {
    const answer = http.post(`${issuer}/token`, { grant_type: 'client_credentials', scope: 'orders:read' }, service)
    return check(answer, { 'a token': (a) => Boolean(a.json('access_token')) })
  }
  if (turn <= 60 || !access) {
    const answer = http.post(`${issuer}/token`, { grant_type: 'refresh_token', refresh_token: first.refresh_token, ...office })
    access = answer.json('access_token')
    return check(answer, { 'a refreshed token': () => Boolean(access) })
  }
  const answer = http.post(`${issuer}/introspect`, { token: access }, service)
  check(answer, { 'it is active': (a) => a.json('active') === true })
}
