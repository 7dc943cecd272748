//! People: whole logins by pages and forms, and what they do afterwards.

use super::World;
use super::agent::{Agent, Answer};
use super::ledger::{Family, Session, Website};
use super::record::{Act, Failure};
use crate::cluster::manifests::{CALLBACK, PASSWORD, PEOPLE, SECRET, person, shop};
use std::sync::Arc;
use std::time::Instant;

/// The verifier and challenge of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The address of an authorization request.
pub fn authorize(website: &Website, prompt: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &website.id)
        .append_pair("redirect_uri", CALLBACK)
        .append_pair("response_type", "code")
        .append_pair("scope", "openid profile orders:read")
        .append_pair("state", "the-state")
        .append_pair("code_challenge", CHALLENGE)
        .append_pair("code_challenge_method", "S256")
        .finish();
    format!("/authorize?{query}{prompt}")
}

/// What a website proves itself with.
pub fn proof(website: &Website) -> Vec<(&'static str, &str)> {
    let mut fields = vec![("client_id", website.id.as_str())];
    if website.is_confidential {
        fields.push(("client_secret", SECRET));
    }
    fields
}

/// Where a visit leads: each person comes to each shop; every third visit is to the office.
pub fn website_of(visit: usize) -> Website {
    match visit % 3 {
        2 => Website::office(),
        _ => Website {
            id: shop(visit / PEOPLE + visit),
            is_confidential: false,
        },
    }
}

/// One person's visit: logs in, and then stays, logs out, or the website gives tokens back. Ends early where a request failed: people come again.
pub async fn visit(world: Arc<World>, number: usize) -> Result<(), Failure> {
    let (person, website) = (person(number), website_of(number));
    let browser = world.agent.fresh();
    let (code, consented) = log_in(&browser, &person, &website).await?;
    if consented {
        world.ledger.open().consents.insert((person.clone(), website.clone()));
    }
    let session = Session {
        browser: browser.clone(),
        person: person.clone(),
    };
    if number % 10 == 9 {
        twice_at_once(&world, &website, &code).await;
        world.ledger.open().sessions.push(session);
        return Ok(());
    }
    let family = tokens(&browser, &website, &code).await?;
    world.party.accepts(&world, &family.access).await;
    world.party.accepts(&world, &family.id_token).await;
    world.ledger.open().codes.push((website.clone(), code));
    match number % 10 {
        3 => {
            let hint = url::form_urlencoded::byte_serialize(family.id_token.as_bytes()).collect::<String>();
            let path = format!("/logout?id_token_hint={hint}");
            browser.get(Act::Logout, &path, |answer| is(answer, 200)).await?;
            world.ledger.open().logged_out.push((session, family));
        }
        5 => {
            give_back(&browser, &website, &family.refresh).await?;
            let mut ledger = world.ledger.open();
            ledger.sessions.push(session);
            ledger.given_back.push(family);
        }
        7 => {
            give_back(&browser, &website, &family.access).await?;
            let mut ledger = world.ledger.open();
            ledger.sessions.push(session);
            ledger.revoked.push((website, family.access.clone(), Instant::now()));
            ledger.families.push_back(family);
        }
        _ => {
            let mut ledger = world.ledger.open();
            ledger.sessions.push(session);
            ledger.issued.push(family.access.clone());
            ledger.families.push_back(family);
        }
    }
    Ok(())
}

/// A login and its tokens.
pub async fn log_in_for_tokens(browser: &Agent, person: &str, website: &Website) -> Result<Family, Failure> {
    let (code, _) = log_in(browser, person, website).await?;
    tokens(browser, website, &code).await
}

/// Login page, its form, the consent page where it comes, its form: the code, and whether the person was asked.
async fn log_in(browser: &Agent, person: &str, website: &Website) -> Result<(String, bool), Failure> {
    let ticket = browser
        .get(Act::AuthorizePage, &authorize(website, ""), |page| {
            is(page, 200)?;
            page.ticket()
        })
        .await?;
    let fields = [("ticket", ticket.as_str()), ("username", person), ("password", PASSWORD)];
    let next = browser.post(Act::LoginForm, "/login", &fields, redirect).await?;
    let consent = match next {
        Next::Code(code) => return Ok((code, false)),
        Next::Page(path) => path,
    };
    let ticket = browser
        .get(Act::ConsentPage, &consent, |page| {
            is(page, 200)?;
            page.ticket()
        })
        .await?;
    let fields = [("ticket", ticket.as_str()), ("decision", "allow")];
    let next = browser.post(Act::ConsentForm, "/consent", &fields, redirect).await?;
    match next {
        Next::Code(code) => Ok((code, true)),
        Next::Page(path) => Err(Failure::Wrong(format!("consent leads to {path}"))),
    }
}

enum Next {
    Code(String),
    Page(String),
}

fn redirect(answer: &Answer) -> Result<Next, Failure> {
    is(answer, 303)?;
    if answer.sent("error").as_deref() == Some("temporarily_unavailable") {
        return Err(Failure::Unavailable);
    }
    match (answer.sent("code"), answer.header("location")) {
        (Some(code), _) => Ok(Next::Code(code)),
        (None, path) if path.starts_with("/consent?") => Ok(Next::Page(path.to_owned())),
        _ => Err(answer.wrong()),
    }
}

fn is(answer: &Answer, status: u16) -> Result<(), Failure> {
    if answer.status == status { Ok(()) } else { Err(answer.wrong()) }
}

/// The form that makes a code into tokens.
pub fn exchange<'a>(website: &'a Website, code: &'a str) -> Vec<(&'static str, &'a str)> {
    let mut fields = proof(website);
    fields.extend([
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]);
    fields
}

async fn tokens(browser: &Agent, website: &Website, code: &str) -> Result<Family, Failure> {
    browser
        .post(Act::Code, "/token", &exchange(website, code), |answer| family(website, answer))
        .await
}

/// The tokens of an answer.
pub fn family(website: &Website, answer: &Answer) -> Result<Family, Failure> {
    let tokens = answer.json()?;
    let token = |name: &str| tokens[name].as_str().map(str::to_owned).ok_or_else(|| answer.wrong());
    Ok(Family {
        website: website.clone(),
        refresh: token("refresh_token")?,
        access: token("access_token")?,
        id_token: token("id_token")?,
    })
}

/// The same code in two requests at once, which mostly reach two replicas: it becomes tokens at most once.
async fn twice_at_once(world: &World, website: &Website, code: &str) {
    let fields = exchange(website, code);
    let once = || async {
        world
            .agent
            .post(Act::CodeTwice, "/token", &fields, |answer| match answer.error().as_deref() {
                Some("invalid_grant") => Ok(false),
                _ => answer.json().map(|_| true),
            })
            .await
    };
    if let (Ok(true), Ok(true)) = futures::join!(once(), once()) {
        world.ledger.violation(format!("a code of {} was used twice", website.id));
    }
}

async fn give_back(browser: &Agent, website: &Website, token: &str) -> Result<(), Failure> {
    let mut fields = proof(website);
    fields.push(("token", token));
    browser.post(Act::Revoke, "/revoke", &fields, |answer| is(answer, 200)).await
}
