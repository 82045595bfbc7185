//! What the commands on data do. Knows nothing of who asks.

use super::reply::Reply;
use super::store::{End, Refused, Store, parse};
use std::time::Duration;

type Words<'w> = &'w [&'w [u8]];

/// Carries out one command, whose name is in upper case, and writes its answer.
pub fn execute(name: &[u8], words: Words<'_>, store: &mut Store, reply: &mut Reply) {
    let done = match name {
        b"GET" | b"SET" | b"MSET" | b"MGET" | b"INCR" | b"DECR" | b"INCRBY" | b"DECRBY" | b"STRLEN" => {
            strings(name, words, store, reply)
        }
        b"LPUSH" | b"RPUSH" | b"LPOP" | b"RPOP" | b"LRANGE" | b"LLEN" => lists(name, words, store, reply),
        b"DEL" | b"EXISTS" | b"EXPIRE" | b"PEXPIRE" | b"TTL" | b"PTTL" | b"PERSIST" | b"DBSIZE"
        | b"FLUSHALL" => keys(name, words, store, reply),
        _ => others(name, words, reply),
    };
    match done {
        Some(Ok(())) => {}
        Some(Err(refused)) => reply.error(refused),
        None => {
            let name = String::from_utf8_lossy(&name[..name.len().min(64)]).replace(['\r', '\n'], " ");
            reply.error(format_args!("ERR unknown command or wrong number of arguments for '{name}'"));
        }
    }
}

/// `None`: no such command, or not with such words.
type Done = Option<Result<(), Refused>>;

fn strings(name: &[u8], words: Words<'_>, store: &mut Store, reply: &mut Reply) -> Done {
    let mut add = |key: &[u8], step: Option<i64>| {
        reply.number(store.add(key, step.ok_or(Refused::Number)?)?);
        Ok(())
    };
    match (name, words) {
        (b"INCR", [key]) => return Some(add(key, Some(1))),
        (b"DECR", [key]) => return Some(add(key, Some(-1))),
        (b"INCRBY", [key, step]) => return Some(add(key, parse(step))),
        (b"DECRBY", [key, step]) => return Some(add(key, parse(step).and_then(i64::checked_neg))),
        (b"GET", [key]) => match store.get(key) {
            Ok(bytes) => reply.bytes_or_none(bytes),
            Err(refused) => return Some(Err(refused)),
        },
        (b"STRLEN", [key]) => match store.get(key) {
            Ok(bytes) => reply.count(bytes.map_or(0, <[u8]>::len)),
            Err(refused) => return Some(Err(refused)),
        },
        (b"SET", [key, value, options @ ..]) => return set(key, value, options, store, reply),
        (b"MSET", pairs @ [_, _, ..]) if pairs.len() % 2 == 0 => {
            pairs.chunks_exact(2).for_each(|pair| store.set(pair[0], pair[1]));
            reply.word("OK");
        }
        (b"MGET", keys @ [_, ..]) => {
            reply.array(keys.len());
            keys.iter().for_each(|key| reply.bytes_or_none(store.get(key).unwrap_or_default()));
        }
        _ => return None,
    }
    Some(Ok(()))
}

/// `SET` with `EX seconds`, `PX milliseconds`, `NX` (only what is not there), `XX` (only what is).
fn set(key: &[u8], value: &[u8], mut options: Words<'_>, store: &mut Store, reply: &mut Reply) -> Done {
    let (mut time, mut is_wanted) = (None, true);
    while let [option, rest @ ..] = options {
        options = rest;
        match (&*option.to_ascii_uppercase(), rest) {
            (b"NX", _) => is_wanted &= !store.contains(key),
            (b"XX", _) => is_wanted &= store.contains(key),
            (unit @ (b"EX" | b"PX"), [count, rest @ ..]) => {
                options = rest;
                match parse(count)
                    .and_then(|count| duration(count, unit == b"EX"))
                    .filter(|time| !time.is_zero())
                {
                    Some(duration) => time = Some(duration),
                    None => return Some(Err(Refused::Number)),
                }
            }
            _ => return None,
        }
    }
    if !is_wanted {
        reply.bytes_or_none(None);
        return Some(Ok(()));
    }
    store.set(key, value);
    if time.is_some() {
        store.set_end(key, time.and_then(|time| store.now().checked_add(time)));
    }
    reply.word("OK");
    Some(Ok(()))
}

fn lists(name: &[u8], words: Words<'_>, store: &mut Store, reply: &mut Reply) -> Done {
    let mut run = || match (name, words) {
        (b"LPUSH" | b"RPUSH", [key, values @ ..]) if !values.is_empty() => {
            let list = store.list_or_new(key)?;
            for value in values {
                if name == b"LPUSH" {
                    list.push_front(value.to_vec())
                } else {
                    list.push_back(value.to_vec())
                }
            }
            reply.count(list.len());
            Ok(true)
        }
        (b"LPOP" | b"RPOP", [key]) => {
            let value = match store.list(key)? {
                None => None,
                Some(list) if name == b"LPOP" => list.pop_front(),
                Some(list) => list.pop_back(),
            };
            store.tidy(key);
            reply.bytes_or_none(value.as_deref());
            Ok(true)
        }
        (b"LLEN", [key]) => {
            reply.count(store.list(key)?.map_or(0, |list| list.len()));
            Ok(true)
        }
        (b"LRANGE", [key, from, to]) => {
            let (Some(from), Some(to)) = (parse(from), parse(to)) else { return Err(Refused::Number) };
            match store.list(key)? {
                None => reply.array(0),
                Some(list) => {
                    // Negative ones are counted from the end; both ends are included.
                    let length = list.len() as i64;
                    let place = |at: i64| if at < 0 { at.saturating_add(length) } else { at };
                    let (from, to) = (place(from).max(0), place(to).min(length - 1));
                    let count = usize::try_from(to - from + 1).unwrap_or(0);
                    reply.array(count);
                    list.iter().skip(from as usize).take(count).for_each(|value| reply.bytes(value));
                }
            }
            Ok(true)
        }
        _ => Ok(false),
    };
    match run() {
        Ok(true) => Some(Ok(())),
        Ok(false) => None,
        Err(refused) => Some(Err(refused)),
    }
}

fn keys(name: &[u8], words: Words<'_>, store: &mut Store, reply: &mut Reply) -> Done {
    match (name, words) {
        (b"DEL", keys @ [_, ..]) => reply.count(keys.iter().filter(|key| store.remove(key)).count()),
        (b"EXISTS", keys @ [_, ..]) => reply.count(keys.iter().filter(|key| store.contains(key)).count()),
        (b"EXPIRE" | b"PEXPIRE", [key, count]) => {
            let Some(count) = parse(count) else { return Some(Err(Refused::Number)) };
            let Some(time) = duration(count.max(0), name == b"EXPIRE") else {
                return Some(Err(Refused::Number));
            };
            // Beyond the end of the clock is never.
            let end = store.now().checked_add(time);
            reply.count(usize::from(store.set_end(key, end)));
        }
        (b"PERSIST", [key]) => {
            let has_end = matches!(store.end(key), End::In(_));
            reply.count(usize::from(has_end && store.set_end(key, None)));
        }
        (b"TTL" | b"PTTL", [key]) => reply.number(match store.end(key) {
            End::Gone => -2,
            End::Never => -1,
            End::In(time) if name == b"PTTL" => time.as_millis() as i64,
            End::In(time) => ((time.as_millis() + 500) / 1_000) as i64,
        }),
        (b"DBSIZE", []) => reply.count(store.len()),
        (b"FLUSHALL", _) => {
            store.clear();
            reply.word("OK");
        }
        _ => return None,
    }
    Some(Ok(()))
}

/// Commands that say something about the server, as far as clients insist on them.
fn others(name: &[u8], words: Words<'_>, reply: &mut Reply) -> Done {
    match (name, words) {
        (b"PING", []) => reply.word("PONG"),
        (b"PING" | b"ECHO", [text]) => reply.bytes(text),
        (b"SELECT", [b"0"]) | (b"CLIENT", [_, ..]) => reply.word("OK"),
        (b"COMMAND", _) => reply.array(0),
        (b"CONFIG", [_, name]) => {
            reply.array(2);
            reply.bytes(name);
            reply.bytes(b"");
        }
        _ => return None,
    }
    Some(Ok(()))
}

fn duration(count: i64, is_seconds: bool) -> Option<Duration> {
    let count = u64::try_from(count).ok()?;
    Some(if is_seconds { Duration::from_secs(count) } else { Duration::from_millis(count) })
}
