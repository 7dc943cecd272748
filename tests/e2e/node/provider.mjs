// An OpenID provider on npm's oidc-provider, for people who log in by way of it: one page that asks for a name, no password, no consent.
// Settings come from the environment: CLIENT_ID, CLIENT_SECRET, REDIRECT_URI and BACKCHANNEL_LOGOUT_URI of the one client, PORT.
// It prints one line, `listening http://127.0.0.1:PORT`, when it is ready.
import './webcrypto.mjs'
import Provider from 'oidc-provider'

const { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, BACKCHANNEL_LOGOUT_URI, PORT } = process.env
const issuer = `http://127.0.0.1:${PORT}`

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      redirect_uris: [REDIRECT_URI],
      response_types: ['code'],
      grant_types: ['authorization_code'],
      backchannel_logout_uri: BACKCHANNEL_LOGOUT_URI,
      backchannel_logout_session_required: true,
    },
  ],
  // As the specification has it: what a scope stands for is told by UserInfo, not by the ID token.
  conformIdTokenClaims: true,
  claims: { openid: ['sub'], profile: ['preferred_username', 'name'], email: ['email', 'email_verified'] },
  pkce: { required: () => true },
  cookies: { keys: ['of a test'] },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true }, backchannelLogout: { enabled: true } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, preferred_username: sub, name: `${sub} of the provider`, email: `${sub}@corp.example`, email_verified: true }),
  }),
  // Nobody is asked whether the client may know who they are.
  loadExistingGrant: async (ctx) => {
    const { client, session } = ctx.oidc
    const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId })
    grant.addOIDCScope('openid profile email')
    await grant.save()
    return grant
  },
})

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next()
  if (ctx.method === 'POST') {
    let body = ''
    for await (const chunk of ctx.req) body += chunk
    const login = { accountId: new URLSearchParams(body).get('name') }
    ctx.respond = false
    return provider.interactionFinished(ctx.req, ctx.res, { login }, { mergeWithLastSubmission: false })
  }
  ctx.body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Corp</title><h1>Corp</h1>
<form method="post"><label>Name <input id="name" name="name"></label><button id="go">Go</button></form>`
})

provider.listen(Number(PORT), '127.0.0.1', () => console.log(`listening ${issuer}`))
