// A website that lets people log in: a relying party on npm's openid-client, one page a step, so that a browser test can click its way through.
// Settings come from the environment: ISSUER, CLIENT_ID, CLIENT_SECRET (absent for a public client), SCOPE, PORT (0 takes a free one).
// It prints one line, `listening http://127.0.0.1:PORT`, when it is ready. One visitor at a time: what it keeps is in memory.
import './webcrypto.mjs'
import http from 'node:http'
import * as jose from 'jose'
import * as oidc from 'openid-client'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, SCOPE = 'openid', PORT = '0' } = process.env
let origin
let config
let pending // what the authorization request promised and the callback has to meet
let session // what the visitor is logged in with
let told // resolves when the issuer has told that this session ended
let tell

async function configuration() {
  // Asked for at the first use, not at the start, so that this site may start before its issuer.
  config ??= await oidc.discovery(
    new URL(ISSUER),
    CLIENT_ID,
    undefined,
    CLIENT_SECRET ? oidc.ClientSecretBasic(CLIENT_SECRET) : oidc.None(),
    { execute: [oidc.allowInsecureRequests] },
  )
  return config
}

function page(title, elements) {
  const escape = (text) => String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c])
  const body = Object.entries(elements).map(([id, content]) =>
    content.startsWith?.('/') ? `<p><a id="${id}" href="${content}">${id}</a></p>` : `<pre id="${id}">${escape(content)}</pre>`,
  )
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(title)}</title><h1>${escape(title)}</h1>${body.join('')}`
}

const links = { refresh: '/refresh', userinfo: '/userinfo', logout: '/logout' }

function shown(title) {
  const { tokens, claims, user } = session
  return page(title, {
    claims: JSON.stringify(claims),
    userinfo_answer: JSON.stringify(user),
    access_token: tokens.access_token,
    refresh_token: tokens.refresh_token ?? 'none',
    scope: tokens.scope ?? '',
    ...links,
  })
}

const routes = {
  '/': async () => page('Shop', { login: '/login' }),

  // Every parameter of the query goes on to the authorization request: `/login?prompt=login` and the like.
  '/login': async (url) => {
    const verifier = oidc.randomPKCECodeVerifier()
    pending = { pkceCodeVerifier: verifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() }
    const location = oidc.buildAuthorizationUrl(await configuration(), {
      redirect_uri: `${origin}/callback`,
      scope: SCOPE,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: pending.expectedState,
      nonce: pending.expectedNonce,
      ...Object.fromEntries(url.searchParams),
    })
    return { location }
  },

  // The library checks state, nonce, iss, the ID token's signature, aud, exp and at_hash; anything amiss throws.
  '/callback': async (url) => {
    const tokens = await oidc.authorizationCodeGrant(await configuration(), url, { ...pending, idTokenExpected: true })
    const claims = tokens.claims()
    told = new Promise((resolve) => (tell = resolve))
    session = { tokens, claims, user: await oidc.fetchUserInfo(config, tokens.access_token, claims.sub) }
    return shown('Logged in')
  },

  '/userinfo': async () => {
    session.user = await oidc.fetchUserInfo(config, session.tokens.access_token, session.claims.sub)
    return shown('Asked again')
  },

  '/refresh': async () => {
    const tokens = await oidc.refreshTokenGrant(config, session.tokens.refresh_token)
    session.tokens = { ...session.tokens, ...tokens }
    session.user = await oidc.fetchUserInfo(config, tokens.access_token, session.claims.sub)
    return shown('Refreshed')
  },

  '/logout': async () => ({
    location: oidc.buildEndSessionUrl(config, {
      id_token_hint: session.tokens.id_token,
      post_logout_redirect_uri: `${origin}/goodbye`,
      state: 'farewell',
    }),
  }),

  // OpenID Connect Back-Channel Logout §2.6: anything amiss throws. The signed-out session is the one that the token names, and no other.
  '/backchannel-logout': async (url, body) => {
    const keys = jose.createRemoteJWKSet(new URL((await configuration()).serverMetadata().jwks_uri))
    const { payload } = await jose.jwtVerify(new URLSearchParams(body).get('logout_token'), keys, {
      issuer: ISSUER,
      audience: CLIENT_ID,
      typ: 'logout+jwt',
      requiredClaims: ['iat', 'exp', 'jti', 'sid', 'sub', 'events'],
      maxTokenAge: '2m',
    })
    if (!payload.events['http://schemas.openid.net/event/backchannel-logout'] || 'nonce' in payload) throw new Error('not a logout token')
    if (payload.sid === session?.claims.sid && payload.sub === session?.claims.sub) tell('signed out')
    return ''
  },

  '/told': async () => page('Told', { told: await told }),

  // After the logout the tokens are tried once more; what came of it is shown.
  '/goodbye': async (url) => {
    const refused = await oidc.refreshTokenGrant(config, session.tokens.refresh_token).then(
      () => 'the refresh token still works',
      (error) => error.error ?? String(error),
    )
    const signedOut = await told
    session = undefined
    return page('Goodbye', { state: url.searchParams.get('state') ?? '', refresh_after_logout: refused, told: signedOut })
  },
}

const server = http.createServer(async (request, response) => {
  const url = new URL(request.url, origin)
  try {
    let body = ''
    for await (const part of request) body += part
    const answer = await (routes[url.pathname] ?? (async () => undefined))(url, body)
    if (answer === undefined) response.writeHead(404).end()
    else if (answer.location) response.writeHead(303, { location: answer.location.href }).end()
    else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(answer)
  } catch (error) {
    const why = [error.code, error.error, error.error_description, error.message, error.cause?.message].filter(Boolean).join(' · ')
    response.writeHead(500, { 'content-type': 'text/html; charset=utf-8' }).end(page('Failed', { error: why }))
  }
})

server.listen(Number(PORT), '127.0.0.1', () => {
  origin = `http://127.0.0.1:${server.address().port}`
  console.log(`listening ${origin}`)
})
