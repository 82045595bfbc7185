//! Who listens to what. Knows nothing of how messages are written.

use super::reply::Reply;
use sisal::channel::Sender;
use sisal::net::TcpStream;
use std::collections::{HashMap, HashSet};
use std::net::Shutdown;

/// Subscribers by number, and their numbers by topic.
#[derive(Debug, Default)]
pub struct Topics {
    subscribers: HashMap<u64, Subscriber>,
    topics: HashMap<Vec<u8>, HashSet<u64>>,
}

#[derive(Debug)]
struct Subscriber {
    mailbox: Sender<Vec<u8>>,
    stream: TcpStream,
    topics: HashSet<Vec<u8>>,
}

impl Topics {
    /// Somebody has come who will subscribe; `stream` is closed if the mailbox is ever full.
    pub fn enter(&mut self, number: u64, mailbox: Sender<Vec<u8>>, stream: TcpStream) {
        self.subscribers.insert(number, Subscriber { mailbox, stream, topics: HashSet::new() });
    }

    /// Somebody has gone.
    pub fn leave(&mut self, number: u64) {
        for topic in self.of(number) {
            self.remove(&topic, number);
        }
        self.subscribers.remove(&number);
    }

    /// Whether this one has come and not gone.
    pub fn has(&self, number: u64) -> bool {
        self.subscribers.contains_key(&number)
    }

    /// What this one listens to.
    pub fn of(&self, number: u64) -> Vec<Vec<u8>> {
        self.subscribers
            .get(&number)
            .map_or_else(Vec::new, |subscriber| subscriber.topics.iter().cloned().collect())
    }

    /// From now on this one listens to `topic` too.
    pub fn subscribe(&mut self, topic: &[u8], number: u64, reply: &mut Reply) {
        if let Some(subscriber) = self.subscribers.get_mut(&number) {
            subscriber.topics.insert(topic.to_vec());
            self.topics.entry(topic.to_vec()).or_default().insert(number);
        }
        self.tell(b"subscribe", topic, number, reply);
    }

    /// From now on it does not.
    pub fn unsubscribe(&mut self, topic: &[u8], number: u64, reply: &mut Reply) {
        if let Some(subscriber) = self.subscribers.get_mut(&number) {
            subscriber.topics.remove(topic);
        }
        self.remove(topic, number);
        self.tell(b"unsubscribe", topic, number, reply);
    }

    /// Gives a message to all who listen, without waiting for anybody; gives how many took it.
    pub fn publish(&self, topic: &[u8], message: &[u8]) -> usize {
        let Some(numbers) = self.topics.get(topic) else { return 0 };
        let mut push = Reply::default();
        push.array(3);
        push.bytes(b"message");
        push.bytes(topic);
        push.bytes(message);
        numbers.iter().filter(|number| self.post(**number, push.0.clone())).count()
    }

    /// Puts something into a mailbox; gives whether there was room.
    pub fn post(&self, number: u64, bytes: Vec<u8>) -> bool {
        let Some(subscriber) = self.subscribers.get(&number) else { return false };
        let is_posted = subscriber.mailbox.try_send(bytes).is_ok();
        if !is_posted {
            // It does not take what it has asked for. If it has gone already, nothing is lost.
            let _ = subscriber.stream.shutdown(Shutdown::Both);
        }
        is_posted
    }

    fn remove(&mut self, topic: &[u8], number: u64) {
        if let Some(numbers) = self.topics.get_mut(topic) {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.topics.remove(topic);
            }
        }
    }

    fn tell(&self, what: &[u8], topic: &[u8], number: u64, reply: &mut Reply) {
        reply.array(3);
        reply.bytes(what);
        reply.bytes(topic);
        reply.count(self.subscribers.get(&number).map_or(0, |subscriber| subscriber.topics.len()));
    }
}
