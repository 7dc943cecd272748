// A service that has no person at hand, on npm's openid-client. It reads one JSON request on stdin and prints one JSON answer:
//   {issuer, client: {id, secret}, grant, parameters}  →  {ok: {the token answer}} or {refused: {status, error, error_description}}
// `grant` is `client_credentials`, a grant's URN, `introspect` or `revoke` (these two take parameters.token).
import './webcrypto.mjs'
import { text } from 'node:stream/consumers'
import * as oidc from 'openid-client'

const { issuer, client, grant, parameters = {} } = JSON.parse(await text(process.stdin))
const config = await oidc.discovery(new URL(issuer), client.id, undefined, oidc.ClientSecretBasic(client.secret), {
  execute: [oidc.allowInsecureRequests],
})

async function ask() {
  switch (grant) {
    case 'client_credentials':
      return oidc.clientCredentialsGrant(config, parameters)
    case 'introspect':
      return oidc.tokenIntrospection(config, parameters.token)
    case 'revoke':
      return (await oidc.tokenRevocation(config, parameters.token)) ?? {}
    default:
      return oidc.genericGrantRequest(config, grant, parameters)
  }
}

let answer
try {
  answer = { ok: await ask() }
} catch (error) {
  // Only the server's own refusal is an answer; anything else is a fault and ends this program with its stack.
  if (error instanceof oidc.WWWAuthenticateChallengeError) {
    answer = { refused: { status: error.status, ...(await error.response.json()) } }
  } else if (error instanceof oidc.ResponseBodyError) {
    answer = { refused: { status: error.status, error: error.error, error_description: error.error_description } }
  } else throw error
}
console.log(JSON.stringify(answer))
