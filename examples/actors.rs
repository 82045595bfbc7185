//! Actors: a bank account that crashes, and a supervisor that starts it again.
//!
//! Look at: the account is a plain struct, which one fiber owns; `call` asks and waits for the reply; after the crash the address
//! is still good, the message that crashed it is gone, and those that waited behind it are not.
//!
//! ```text
//! $ cargo run --release --example actors
//! balance: 70
//! the account has crashed and begun again
//! balance: 5
//! the supervisor has stopped: Ok(())
//! ```

use sisal::actor::{Actor, Builder, Context, Reply, Supervisor};
use std::error::Error;

struct Account {
    balance: u64,
}

enum Message {
    Deposit(u64),
    Withdraw(u64),
    Balance(Reply<u64>),
}

impl Actor for Account {
    type Message = Message;

    fn handle(&mut self, message: Message, _: &Context<Message>) {
        match message {
            Message::Deposit(amount) => self.balance += amount,
            Message::Withdraw(amount) => self.balance = self.balance.checked_sub(amount).expect("covered"),
            Message::Balance(reply) => reply.send(self.balance),
        }
    }
}

#[sisal::main]
fn main() -> Result<(), Box<dyn Error>> {
    std::panic::set_hook(Box::new(|_| {}));
    let mut supervisor = Supervisor::new();
    let account = supervisor.child(Builder::new().name("account").capacity(16), || Account { balance: 0 });
    let supervisor = supervisor.start()?;

    account.send(Message::Deposit(100))?;
    account.send(Message::Withdraw(30))?;
    let balance = account.call(Message::Balance)?;
    println!("balance: {balance}");
    assert_eq!(balance, 70);

    account.send(Message::Withdraw(1_000))?;
    account.send(Message::Deposit(5))?;
    let balance = account.call(Message::Balance)?;
    println!("the account has crashed and begun again\nbalance: {balance}");
    assert_eq!(balance, 5);

    supervisor.stop();
    println!("the supervisor has stopped: {:?}", supervisor.join());
    Ok(())
}
