//! What a cache is like, looked at for `nauthera doctor`. It leaves nothing there that does not go by itself within seconds.

use super::dial::{DialError, Target};
use super::line::Line;
use crate::store::cache::{CacheFault, CacheResult, CacheSettings};
use jiff::Timestamp;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, ServerErrorKind, cmd};
use std::time::Duration;
use uuid::Uuid;

/// A cache that says nothing for so long is as good as not there.
const WITHIN: Duration = Duration::from_secs(5);
const SILENT: &str = "the cache did not answer in time: look whether it is well, and whether this machine may reach it";
/// What is tried goes by itself after so many milliseconds.
const GONE_AFTER: u32 = 2000;

/// What was seen of a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheExamination {
    /// Whether the way to it is encrypted
    pub encrypted: bool,
    /// Commands that a server needs and its user may not give
    pub forbidden: Vec<&'static str>,
    /// What it said to a command that its user may give, if it did not do it
    pub refused: Option<String>,
    /// What it says of itself; `None` if its user may not ask for that (a server need not), or if it is a cluster
    pub info: Option<CacheInfo>,
    /// Its own clock, and this machine's in the same moment; `None` as before
    pub clocks: Option<(Timestamp, Timestamp)>,
}

/// What a cache says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheInfo {
    /// `Redis 7.0.15`
    pub product: String,
    /// Which release of Redis it is as good as: major and minor number
    pub release: (u32, u32),
    /// How much memory it may take; 0: all that there is
    pub most_memory: u64,
    /// What goes when that is full: `noeviction`, `allkeys-lru`, …
    pub eviction: String,
}

/// Looks at the cache of these settings, within seconds.
///
/// # Errors
/// It cannot be reached, or does not let this server in; the text says why, and quotes nothing of the URL.
pub async fn examine(settings: &CacheSettings) -> CacheResult<CacheExamination> {
    let target = Target::new(settings)?;
    match tokio::time::timeout(WITHIN, look(&target, &settings.prefix)).await {
        Ok(Ok(seen)) => Ok(seen),
        Ok(Err(DialError::Redis(error))) if error.is_timeout() => Err(CacheFault::Failed(SILENT.to_owned())),
        Ok(Err(error)) => Err(CacheFault::Failed(why(&error))),
        Err(_) => Err(CacheFault::Failed(SILENT.to_owned())),
    }
}

async fn look(target: &Target, prefix: &str) -> Result<CacheExamination, DialError> {
    let mut line = Line::new(target.dial().await?, 0);
    let mut seen = CacheExamination {
        encrypted: target.is_encrypted(),
        forbidden: Vec::new(),
        refused: None,
        info: None,
        clocks: None,
    };
    let name = format!("{prefix}doctor-{}", Uuid::now_v7().simple());
    // It has its end from the first moment on, whatever may be done to it afterwards.
    let set = cmd("SET").arg(&name).arg(1).arg("PX").arg(GONE_AFTER).take();
    let acts = [
        ("PING", cmd("PING")),
        ("SET", set),
        ("GET", cmd("GET").arg(&name).take()),
        ("INCRBY", cmd("INCRBY").arg(&name).arg(1).take()),
        ("PEXPIRE", cmd("PEXPIRE").arg(&name).arg(GONE_AFTER).take()),
    ];
    for (command, act) in acts {
        match ask::<redis::Value>(&mut line, &act).await {
            Ok(_) => {}
            Err(error) if is_forbidden(&error) => seen.forbidden.push(command),
            Err(error) if is_said(&error) => seen.refused = seen.refused.or(Some(error.to_string())),
            Err(error) => return Err(error.into()),
        }
    }
    if line.is_cluster() {
        return Ok(seen);
    }
    let text: Option<String> = ask(&mut line, &cmd("INFO")).await.ok();
    seen.info = text.as_deref().and_then(info);
    let before = Timestamp::now();
    let there: Option<(i64, i64)> = ask(&mut line, &cmd("TIME")).await.ok();
    let here = middle(before, Timestamp::now());
    seen.clocks = there
        .and_then(|(seconds, micros)| Timestamp::from_microsecond(seconds.checked_mul(1_000_000)?.checked_add(micros)?).ok())
        .map(|there| (there, here));
    Ok(seen)
}

async fn ask<T: FromRedisValue>(line: &mut Line, command: &Cmd) -> Result<T, RedisError> {
    command.query_async(line).await
}

fn is_forbidden(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm)
}

/// The words of a server that knows us, such as that it is full.
fn is_said(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension) && error.code() != Some("NOAUTH")
}

fn middle(before: Timestamp, after: Timestamp) -> Timestamp {
    before.checked_add(after.duration_since(before) / 2).unwrap_or(after)
}

/// Reads the answer to INFO.
fn info(text: &str) -> Option<CacheInfo> {
    let value = |name: &str| {
        text.lines()
            .find_map(|line| line.trim_end().strip_prefix(name)?.strip_prefix(':'))
            .map(str::to_owned)
    };
    let redis = value("redis_version")?;
    let mut numbers = redis.split('.').map_while(|number| number.parse().ok());
    Some(CacheInfo {
        // Valkey says for which Redis it may be taken, too.
        product: value("valkey_version").map_or_else(|| format!("Redis {redis}"), |valkey| format!("Valkey {valkey}")),
        release: (numbers.next()?, numbers.next().unwrap_or_default()),
        most_memory: value("maxmemory")?.parse().ok()?,
        eviction: value("maxmemory_policy")?,
    })
}

/// Why there is no way to it, and what to do.
fn why(error: &DialError) -> String {
    let advice = match error {
        DialError::Redis(error) if error.kind() == ErrorKind::AuthenticationFailed || error.code() == Some("NOAUTH") => {
            "look at the user and the password in its URL"
        }
        DialError::Redis(error) if error.to_string().contains("certificate") => {
            "if an authority of your own issued its certificate, name that by --cache-ca; the certificate has to be for the host in the URL; it may ask for \
             one of this server's (--cache-cert, --cache-key)"
        }
        DialError::Redis(_) => "look whether it is there, and whether it speaks TLS just if its URL begins with rediss",
        DialError::File(..) | DialError::Ended(_) | DialError::Old => "",
    };
    match advice {
        "" => format!("the cache cannot be used: {error}"),
        advice => format!("the cache cannot be used: {error}. {}{}", advice[..1].to_uppercase(), &advice[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_of_itself_is_read() {
        let text = "# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.1\r\n# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n";
        let seen = info(text).unwrap();
        assert_eq!((seen.product.as_str(), seen.release), ("Valkey 8.1.1", (7, 2)));
        assert_eq!((seen.most_memory, seen.eviction.as_str()), (0, "noeviction"));
        assert_eq!(info(&text.replace("valkey_version", "x")).unwrap().product, "Redis 7.2.4");
        assert_eq!(info("redis_version:x\r\n"), None);
        assert_eq!(info(""), None);
    }
}
