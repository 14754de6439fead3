use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::policy::{FingerprintError, NetworkError, Policy, Rules};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// Two keys as OpenSSH writes them, and what `ssh-keygen -l` says of them.
const KEYS: [(&str, &str); 2] = [
    (
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB",
        "SHA256:RXm/ruZ0eTzRXKwi1AQEDynB0VgHQ2ac9KPSFdf/YnA",
    ),
    (
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC",
        "SHA256:baqJQcVDEweKmw1OiZxGooCG2MGxYtwsQQzzOstxmiA",
    ),
];

fn network(text: &str) -> Network {
    text.parse().unwrap()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn networks_are_written_in_one_way() {
    for (text, shown) in [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("203.0.113.7", "203.0.113.7/32"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("128.0.0.0/1", "128.0.0.0/1"),
    ] {
        assert_eq!(network(text).to_string(), shown);
        assert_eq!(network(shown), network(text));
    }
    let refused = |text: &str| text.parse::<Network>().unwrap_err();
    for text in [
        "",
        "/",
        "10.0.0.0/",
        "10.0.0.0/33",
        "::/129",
        "10.0.0.0/+8",
        "10.0.0.0/08",
        "10.0.0.0/8 ",
        " 10.0.0.0/8",
        "10.0.0/8",
        "010.0.0.0/8",
        "0x0a000000/8",
        "host/8",
        "host",
        "fe80::1%eth0/64",
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/8/8",
    ] {
        assert_eq!(refused(text), NetworkError::Malformed, "{text:?}");
    }
    assert_eq!(refused("10.1.2.3/8"), NetworkError::HostBits(network("10.0.0.0/8")));
    assert_eq!(refused("2001:db8::1/32"), NetworkError::HostBits(network("2001:db8::/32")));
    assert_eq!(refused("0.0.0.0/0"), NetworkError::Everything);
    assert_eq!(refused("::/0"), NetworkError::Everything);
    assert_eq!(refused("::ffff:10.0.0.0/104"), NetworkError::Mapped);
    assert!(refused("10.1.2.3/8").to_string().ends_with("the network is 10.0.0.0/8"));
}

#[test]
fn a_network_has_the_addresses_that_it_says() {
    let ten = network("10.0.0.0/8");
    assert!(ten.contains(address("10.255.255.255")) && !ten.contains(address("11.0.0.0")));
    assert!(ten.contains(address("::ffff:10.1.2.3")), "the same address, as a socket for both kinds tells it");
    assert!(!ten.contains(address("::10.1.2.3")) && !ten.contains(address("a00::")));
    let doc = network("2001:db8::/33");
    assert!(doc.contains(address("2001:db8:7fff::1")) && !doc.contains(address("2001:db8:8000::")));
}

proptest! {
    #[test]
    fn a_network_is_its_first_bits(bits: u32, prefix in 1_u8..=32, other: u32) {
        let mask = u32::MAX << (32 - u32::from(prefix));
        let text = format!("{}/{prefix}", std::net::Ipv4Addr::from(bits & mask));
        let network: Network = text.parse().unwrap();
        let other_is_in = other & mask == bits & mask;
        prop_assert!(network.contains(IpAddr::V4(bits.into())));
        prop_assert_eq!(network.contains(IpAddr::V4(other.into())), other_is_in);
        prop_assert_eq!(network.to_string(), text);
    }

    #[test]
    fn nothing_that_is_read_panics(text in "\\PC{0,60}", line in "(publickey )?[a-z0-9-]{0,20} [A-Za-z0-9+/=]{0,80}") {
        let _ = text.parse::<Network>();
        drop(text.parse::<Fingerprint>());
        drop(Fingerprint::of_accepted(&text));
        drop(Fingerprint::of_accepted(&line));
    }
}

#[test]
fn a_fingerprint_is_that_of_ssh_keygen() {
    for (line, fingerprint) in KEYS {
        let accepted = Fingerprint::of_accepted(&format!("publickey {line}")).unwrap();
        assert_eq!(accepted.as_str(), fingerprint);
        assert_eq!(fingerprint.parse(), Ok(accepted.clone()));
        assert_eq!(format!("{line} alice@laptop\n").parse(), Ok(accepted), "the line of a .pub file");
    }
    let (line, fingerprint) = KEYS[0];
    let key = line.strip_prefix("ssh-ed25519 ").unwrap();
    let no_end = fingerprint.strip_suffix("A").unwrap();
    for text in [
        "",
        "SHA256:",
        no_end,
        &format!("{fingerprint}A"),
        &format!("{fingerprint}="),
        "MD5:00:11",
        key,
        "ssh-rsa AAAA",
    ] {
        assert_eq!(text.parse::<Fingerprint>(), Err(FingerprintError::Malformed), "{text:?}");
    }
    let certificate = "ssh-ed25519-cert-v01@openssh.com AAAA";
    assert_eq!(certificate.parse::<Fingerprint>(), Err(FingerprintError::Certificate));
    for line in [
        line.to_owned(),
        format!("password {line}"),
        format!("hostbased {line}"),
        format!("publickey ssh-rsa {key}"),
        format!("publickey {line} more"),
        format!("publickey  {line}"),
        format!("publickey {certificate}"),
        format!("publickey ssh-ed25519 {}", key.replace('A', "B")),
    ] {
        assert_eq!(Fingerprint::of_accepted(&line), None, "{line}");
    }
}

#[test]
fn names_of_services_and_hosts_are_plain() {
    assert_eq!("Web1.Example.org".parse::<HostName>().unwrap().as_str(), "web1.example.org");
    for text in ["", "a b", "*", "web*", "a/b", "ü", "a\n", &"a".repeat(254)] {
        assert!(text.parse::<HostName>().is_err() && text.parse::<ServiceName>().is_err(), "{text:?}");
    }
}

/// What a login may be, or an exemption be limited to: of each a few.
#[derive(Debug, Clone)]
struct Login {
    door: Door,
    client: Option<ClientId>,
    service: Option<String>,
    host: Option<String>,
    address: Option<IpAddr>,
    key: Option<Fingerprint>,
}

impl Login {
    fn at(&self) -> Where<'_> {
        Where {
            door: self.door,
            client: self.client.as_ref(),
            service: self.service.as_deref(),
            host: self.host.as_deref(),
            address: self.address,
            key: self.key.as_ref(),
        }
    }

    /// Limits that it meets.
    fn within(&self) -> Within {
        Within {
            door: Some(self.door),
            client: self.client.clone(),
            service: self.service.as_ref().map(|name| name.parse().unwrap()),
            host: self.host.as_ref().map(|name| name.parse().unwrap()),
            network: self.address.map(|address| network(&address.to_string())),
            key: self.key.clone(),
        }
    }
}

fn login() -> impl Strategy<Value = Login> {
    let some = |all: [&'static str; 2]| prop::option::of(prop::sample::select(all.to_vec()));
    (
        prop::sample::select(Door::ALL.to_vec()),
        some(["wiki", "blog"]),
        some(["sshd", "sudo"]),
        some(["web1", "db1"]),
        some(["10.1.2.3", "2001:db8::1"]),
        some([KEYS[0].1, KEYS[1].1]),
    )
        .prop_map(|(door, client, service, host, address, key)| Login {
            door,
            client: client.map(|text| text.parse().unwrap()),
            service: service.map(str::to_owned),
            host: host.map(str::to_owned),
            address: address.map(self::address),
            key: key.map(|text| text.parse().unwrap()),
        })
}

proptest! {
    /// An exemption holds where every limit has its fact, and nowhere else.
    #[test]
    fn a_limit_is_met_by_its_fact_alone(limits in login(), keep: [bool; 6], login in login()) {
        let all = limits.within();
        let within = Within {
            door: all.door.filter(|_| keep[0]),
            client: all.client.filter(|_| keep[1]),
            service: all.service.filter(|_| keep[2]),
            host: all.host.filter(|_| keep[3]),
            network: all.network.filter(|_| keep[4]),
            key: all.key.filter(|_| keep[5]),
        };
        let is_met = (within.door.is_none() || limits.door == login.door)
            && (within.client.is_none() || limits.client == login.client)
            && (within.service.is_none() || limits.service == login.service)
            && (within.host.is_none() || limits.host == login.host)
            && (within.network.is_none() || limits.address == login.address)
            && (within.key.is_none() || limits.key == login.key);
        prop_assert_eq!(within.holds(login.at()), is_met);

        let alice = User::new(Id::from_stored("u1".to_owned()), "alice".parse().unwrap(), NOW, NOW);
        let mut policy =
            Policy { version: 1, rules: Rules::initial(Level::Required), exemptions: Vec::new(), locked: false };
        let (id, subject) = (Id::from_stored("e1".to_owned()), Subject::User(alice.id.clone()));
        let (reason, author, until) = (String::new(), String::new(), NOW.plus(1));
        policy.exemptions.push(Exemption { id, subject, within, level: Level::Off, until, reason, author, at: NOW });
        let level = policy.decide(&alice, login.at(), NOW).level;
        prop_assert_eq!(level == Level::Off, is_met);
        prop_assert_eq!(policy.decide(&alice, login.at(), until).level, Level::Required);
        policy.locked = true;
        prop_assert_eq!(policy.decide(&alice, login.at(), NOW).level, Level::Required);
        prop_assert_eq!(policy.least(&alice, login.door, NOW), Level::Required);
    }

    /// What is known where nothing is told is not lower than anywhere else, and `least` is not higher.
    #[test]
    fn what_is_asked_lies_between_the_least_and_what_is_asked_of_a_stranger(limits in login(), login in login()) {
        let alice = User::new(Id::from_stored("u1".to_owned()), "alice".parse().unwrap(), NOW, NOW);
        let mut policy =
            Policy { version: 1, rules: Rules::initial(Level::Required), exemptions: Vec::new(), locked: false };
        let (id, subject) = (Id::from_stored("e1".to_owned()), Subject::Role(Role::Member));
        let (reason, author, until) = (String::new(), String::new(), NOW.plus(1));
        // Only limits that can be met in one login are stored.
        let within = limits.within();
        if within.doors().is_empty() {
            return Ok(());
        }
        policy.exemptions.push(Exemption { id, subject, within, level: Level::Off, until, reason, author, at: NOW });
        let here = policy.decide(&alice, login.at(), NOW).level;
        prop_assert!(here <= policy.decide(&alice, login.door, NOW).level);
        if policy.exemptions[0].within.doors().contains(&login.door) {
            prop_assert!(policy.least(&alice, login.door, NOW) <= here);
        }
    }
}

#[test]
fn limits_that_shut_each_other_out_hold_at_no_door() {
    let with = |door: Option<Door>, edit: fn(&mut Within)| {
        let mut within = Within { door, ..Within::default() };
        edit(&mut within);
        within.doors()
    };
    let ssh = vec![Door::Ssh];
    assert_eq!(with(None, |_| ()), Door::ALL);
    assert_eq!(with(None, |within| within.client = "wiki".parse().ok()), [Door::Web]);
    assert_eq!(with(None, |within| within.network = "10.0.0.0/8".parse().ok()), [Door::Web, Door::Ssh]);
    assert_eq!(with(None, |within| within.key = KEYS[0].1.parse().ok()), ssh);
    assert_eq!(with(None, |within| within.service = "sshd".parse().ok()), ssh);
    assert_eq!(with(None, |within| within.service = "login".parse().ok()), [Door::Console, Door::Other]);
    assert_eq!(with(None, |within| within.service = "swaylock".parse().ok()), [Door::Other]);
    assert_eq!(with(None, |within| within.host = "web1".parse().ok()), Door::ALL[1..]);
    for (door, edit) in [
        (Door::Ssh, (|within| within.client = "wiki".parse().ok()) as fn(&mut Within)),
        (Door::Web, |within| within.host = "web1".parse().ok()),
        (Door::Web, |within| within.service = "sshd".parse().ok()),
        (Door::Web, |within| within.key = KEYS[0].1.parse().ok()),
        (Door::Sudo, |within| within.network = "10.0.0.0/8".parse().ok()),
        (Door::Su, |within| within.key = KEYS[0].1.parse().ok()),
        (Door::Ssh, |within| within.service = "sudo".parse().ok()),
    ] {
        assert!(with(Some(door), edit).is_empty(), "{door}");
    }
}
