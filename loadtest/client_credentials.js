// k6: services that fetch a token by client credentials.
// ISSUER, VUS (virtual users) and DURATION come from the environment; run.sh sets them.
import http from 'k6/http'
import encoding from 'k6/encoding'
import { check } from 'k6'

const issuer = __ENV.ISSUER
const credentials = encoding.b64encode('load.service:secret-of-the-load-test')

export const options = {
  vus: Number(__ENV.VUS ?? 8),
  duration: __ENV.DURATION ?? '10s',
  thresholds: { checks: ['rate==1'], http_req_failed: ['rate==0'] },
  summaryTrendStats: ['avg', 'med', 'p(95)', 'p(99)', 'max'],
}

export default function () {
  const answer = http.post(
    `${issuer}/token`,
    { grant_type: 'client_credentials', scope: 'orders:read' },
    { headers: { Authorization: `Basic ${credentials}` } },
  )
  check(answer, {
    'is 200': (a) => a.status === 200,
    'holds a bearer token': (a) => a.json('token_type') === 'Bearer' && a.json('access_token').split('.').length === 3,
    'may not be cached': (a) => a.headers['Cache-Control'] === 'no-store',
  })
}
