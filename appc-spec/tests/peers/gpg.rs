//! Keys and signatures of the real gpg.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use appc_spec::AcIdentifier;
use appc_spec::trust::{Keyring, Keystore, PublicKey, Scope, SecretKey, TrustErrorKind};
use tempfile::TempDir;

/// A home of gpg's own. Its agent ends when the directory goes away.
pub(super) struct Gpg(TempDir);

impl Gpg {
    pub(super) fn new() -> Self {
        // The path of the agent's socket must be short.
        let home = tempfile::Builder::new().prefix("gpg").tempdir_in("/tmp").unwrap();
        let permissions: fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(home.path(), permissions).unwrap();
        fs::write(home.path().join("image"), b"the image's bytes".repeat(1000)).unwrap();
        Self(home)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, at: Option<&str>, arguments: &[&str]) -> Command {
        let mut command = Command::new("gpg");
        command.env("GNUPGHOME", self.0.path()).current_dir(self.0.path());
        command.args([
            "--batch",
            "--yes",
            "--quiet",
            "--no-tty",
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "",
        ]);
        if let Some(at) = at {
            command.args(["--faked-system-time", at]);
        }
        command.args(arguments);
        command
    }

    fn at(&self, at: Option<&str>, arguments: &[&str]) -> Vec<u8> {
        let output = self.command(at, arguments).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "gpg {arguments:?}: {stderr}");
        output.stdout
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Vec<u8> {
        self.at(None, arguments)
    }

    pub(super) fn public(&self, user: &str) -> Vec<u8> {
        self.run(&["--armor", "--export", user])
    }

    pub(super) fn sign(&self, at: Option<&str>, user: &str, more: &[&str]) -> Vec<u8> {
        let arguments = [more, &["--local-user", user, "--output", "-", "--detach-sign", "image"]].concat();
        self.at(at, &arguments)
    }

    fn image(&self) -> fs::File {
        fs::File::open(self.path("image")).unwrap()
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        let _ =
            Command::new("gpgconf").env("GNUPGHOME", self.0.path()).args(["--kill", "gpg-agent"]).status();
    }
}

fn ring(bytes: &[u8]) -> Keyring {
    Keyring::new(PublicKey::read_all(bytes).unwrap())
}

fn kind(keyring: &Keyring, gpg: &Gpg, signature: &[u8], now: SystemTime) -> Result<(), TrustErrorKind> {
    let found = keyring.verify(signature, gpg.image(), now).map(|_| ()).map_err(|error| error.kind());
    // What can be told beforehand is the same, but for the bytes.
    let early = keyring.check(signature, now).map_err(|error| error.kind());
    match found {
        Ok(()) | Err(TrustErrorKind::BadSignature) => assert_eq!(early, Ok(())),
        Err(kind) => assert_eq!(early, Err(kind)),
    }
    found
}

/// Each algorithm, by the key itself and by a subkey, armored and not.
pub(super) fn algorithms() {
    let gpg = Gpg::new();
    let now = SystemTime::now() + Duration::from_secs(5);
    for (index, algorithm) in ["rsa2048", "rsa3072", "ed25519", "nistp256", "nistp384"].iter().enumerate() {
        let user = format!("user{index}@example.com");
        gpg.run(&["--quick-generate-key", &user, algorithm, "sign", "1y"]);
        let keyring = ring(&gpg.public(&user));
        for more in [&["--armor"][..], &[], &["--digest-algo", "SHA512"], &["--textmode"]] {
            let signature = gpg.sign(None, &user, more);
            let signed = keyring.verify(&signature, gpg.image(), now).unwrap();
            assert_eq!(signed.key, *keyring.keys().next().unwrap().fingerprint());
            assert_eq!((signed.subkey, signed.owners), (None, vec![user.clone()]));
            assert_eq!(
                keyring.verify(&signature, b"other bytes".as_slice(), now).unwrap_err().kind(),
                TrustErrorKind::BadSignature
            );
        }
    }
    // A signature by two, of whom the second is known.
    let both = gpg.run(&[
        "-u",
        "user0@example.com",
        "-u",
        "user2@example.com",
        "--output",
        "-",
        "--detach-sign",
        "image",
    ]);
    assert_eq!(kind(&ring(&gpg.public("user2@example.com")), &gpg, &both, now), Ok(()));

    gpg.run(&["--quick-generate-key", "sub@example.com", "ed25519", "cert", "1y"]);
    let list = String::from_utf8(gpg.run(&["--with-colons", "--list-keys", "sub@example.com"])).unwrap();
    let fingerprint =
        list.lines().find_map(|line| line.strip_prefix("fpr:::::::::")).unwrap().trim_end_matches(':');
    gpg.run(&["--quick-add-key", fingerprint, "rsa2048", "sign", "1y"]);
    let keyring = ring(&gpg.public("sub@example.com"));
    let signature = gpg.sign(None, "sub@example.com", &[]);
    let signed = keyring.verify(&signature, gpg.image(), now).unwrap();
    assert_eq!(signed.key.as_str(), fingerprint.to_ascii_lowercase());
    assert_eq!(signed.subkey.as_ref(), keyring.keys().next().unwrap().subkeys().first());

    // Who is not known, and who is not among those that were pinned.
    let stranger = ring(&gpg.public("user1@example.com"));
    assert_eq!(kind(&stranger, &gpg, &signature, now), Err(TrustErrorKind::UnknownSigner));
    let pinned =
        ring(&gpg.public("sub@example.com")).pinned([stranger.keys().next().unwrap().fingerprint().clone()]);
    assert_eq!(kind(&pinned, &gpg, &signature, now), Err(TrustErrorKind::UnknownSigner));
    assert_eq!(kind(&Keyring::default(), &gpg, b"no signature", now), Err(TrustErrorKind::Malformed));
}

/// What gpgv, by its exit code, and rPGP alone take: keys that are revoked or expired, and SHA-1.
pub(super) fn policy() {
    let gpg = Gpg::new();
    let now = SystemTime::now() + Duration::from_secs(5);
    let day = Duration::from_secs(86_400);

    gpg.run(&["--quick-generate-key", "weak@example.com", "rsa2048", "sign", "1y"]);
    let weak = ring(&gpg.public("weak@example.com"));
    let signature = gpg.sign(None, "weak@example.com", &["--digest-algo", "SHA1"]);
    assert_eq!(kind(&weak, &gpg, &signature, now), Err(TrustErrorKind::Weak));
    let signature = gpg.sign(None, "weak@example.com", &[]);
    assert_eq!(kind(&weak, &gpg, &signature, now), Ok(()));
    // Later than the key, earlier than it, earlier than the signature.
    assert_eq!(kind(&weak, &gpg, &signature, now + 400 * day), Err(TrustErrorKind::Expired));
    assert_eq!(kind(&weak, &gpg, &signature, now - 10 * day), Err(TrustErrorKind::Malformed));

    // By a weak hash a key vouches for itself.
    gpg.run(&[
        "--cert-digest-algo",
        "SHA1",
        "--quick-generate-key",
        "old@example.com",
        "rsa2048",
        "sign",
        "1y",
    ]);
    let signature = gpg.sign(None, "old@example.com", &[]);
    assert_eq!(kind(&ring(&gpg.public("old@example.com")), &gpg, &signature, now), Err(TrustErrorKind::Weak));

    // An expired key, whose signature was made while it lived.
    gpg.at(
        Some("20200101T000000"),
        &["--quick-generate-key", "dead@example.com", "ed25519", "sign", "seconds=1000000"],
    );
    let signature = gpg.sign(Some("20200102T000000"), "dead@example.com", &[]);
    let dead = ring(&gpg.public("dead@example.com"));
    assert_eq!(kind(&dead, &gpg, &signature, now), Err(TrustErrorKind::Expired));
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_577_836_800) + 2 * day;
    assert_eq!(kind(&dead, &gpg, &signature, then), Ok(()));
    assert_eq!(dead.keys().next().unwrap().check(now).unwrap_err().kind(), TrustErrorKind::Expired);

    // An expired signature, and one of a time to come.
    gpg.at(
        Some("20200101T000000"),
        &["--quick-generate-key", "live@example.com", "ed25519", "sign", "never"],
    );
    let live = ring(&gpg.public("live@example.com"));
    let signature = gpg.sign(Some("20200102T000000"), "live@example.com", &["--default-sig-expire", "5d"]);
    assert_eq!(kind(&live, &gpg, &signature, now), Err(TrustErrorKind::Expired));
    assert_eq!(kind(&live, &gpg, &signature, then), Ok(()));
    let signature = gpg.sign(Some("20300102T000000"), "live@example.com", &[]);
    assert_eq!(kind(&live, &gpg, &signature, now), Err(TrustErrorKind::Time));

    // A key that is not for signing.
    gpg.run(&["--quick-generate-key", "cert@example.com", "ed25519", "sign,cert", "1y"]);
    let key = String::from_utf8(gpg.run(&["--with-colons", "--list-keys", "cert@example.com"])).unwrap();
    let fingerprint = key
        .lines()
        .find_map(|line| line.strip_prefix("fpr:::::::::"))
        .unwrap()
        .trim_end_matches(':')
        .to_owned();
    let signature = gpg.sign(None, "cert@example.com", &[]);
    let before = gpg.public("cert@example.com");
    assert_eq!(kind(&ring(&before), &gpg, &signature, now), Ok(()));

    // Revoked: gpg keeps a certificate for it since the key was made.
    let certificate = gpg.path(&format!("openpgp-revocs.d/{fingerprint}.rev"));
    let text = fs::read_to_string(certificate).unwrap().replace(":-----BEGIN", "-----BEGIN");
    fs::write(gpg.path("revocation"), text).unwrap();
    gpg.run(&["--import", "revocation"]);
    let revoked = ring(&gpg.public("cert@example.com"));
    assert_eq!(kind(&revoked, &gpg, &signature, now), Err(TrustErrorKind::Revoked));
}

/// rkt's layout: order, masks, prefixes on path boundaries.
pub(super) fn keystore() {
    let gpg = Gpg::new();
    let now = SystemTime::now() + Duration::from_secs(5);
    gpg.run(&["--quick-generate-key", "a@example.com", "ed25519", "sign", "1y"]);
    let key = PublicKey::read_all(&gpg.public("a@example.com")).unwrap().remove(0);
    let signature = gpg.sign(None, "a@example.com", &["--armor"]);
    let name = |text: &str| text.parse::<AcIdentifier>().unwrap();
    let (system, local) = (gpg.path("usr"), gpg.path("etc"));
    let store = Keystore::new(Some(system.clone()), Some(local.clone()));
    let believed = |image: &str| {
        let keyring = store.keyring(&name(image)).unwrap();
        keyring.verify(&signature, gpg.image(), now).is_ok()
    };
    let prefix = Scope::Prefix(name("acme.com/services"));
    let path = store.trust(&key, &prefix).unwrap();
    assert_eq!(path, local.join("trustedkeys/prefix.d/acme.com/services").join(key.fingerprint().as_str()));
    // keystore-probe: rkt takes the third and the fourth.
    for (image, wanted) in [
        ("acme.com/services", true),
        ("acme.com/services/x", true),
        ("acme.com/services-other", false),
        ("acme.com/servicesx/y", false),
        ("acme.com/serv", false),
        ("acme.com", false),
        ("acme.comx/services", false),
    ] {
        assert_eq!(believed(image), wanted, "{image}");
    }
    assert!(store.distrust(key.fingerprint(), &prefix).unwrap());
    assert!(!believed("acme.com/services"));
    assert!(!store.distrust(key.fingerprint(), &prefix).unwrap());

    // The system's key is masked by an empty file of the administrator's.
    Keystore::new(None, Some(system.clone())).trust(&key, &Scope::Root).unwrap();
    assert!(believed("anything"));
    assert!(store.distrust(key.fingerprint(), &Scope::Root).unwrap());
    assert!(!believed("anything"));
    let mask = local.join("trustedkeys/root.d").join(key.fingerprint().as_str());
    assert_eq!(fs::read(&mask).unwrap(), b"");
    // A prefix is read after that, and believed again.
    store.trust(&key, &prefix).unwrap();
    assert!(believed("acme.com/services") && !believed("anything"));
    assert_eq!(store.list().unwrap().len(), 3);

    fs::remove_file(&mask).unwrap();
    let wrong = mask.with_file_name("0".repeat(40));
    fs::write(&wrong, key.to_armor().unwrap()).unwrap();
    let error = store.keyring(&name("a")).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the key `{}` has another fingerprint than its name says", wrong.display())
    );
}

/// gpg takes what we sign, by the key itself and by a subkey.
pub(super) fn signing() {
    let gpg = Gpg::new();
    gpg.run(&["--quick-generate-key", "s@example.com", "rsa2048", "sign", "1y"]);
    gpg.run(&["--quick-generate-key", "e@example.com", "ed25519", "sign", "1y"]);
    for user in ["s@example.com", "e@example.com"] {
        let secret = gpg.run(&["--export-secret-keys", user]);
        let key = SecretKey::read(&secret, "").unwrap();
        let signature = key.sign(gpg.image()).unwrap();
        fs::write(gpg.path("image.asc"), &signature).unwrap();
        gpg.run(&["--verify", "image.asc", "image"]);
        let now = SystemTime::now() + Duration::from_secs(5);
        let signed = ring(&gpg.public(user)).verify(signature.as_bytes(), gpg.image(), now).unwrap();
        assert_eq!(signed.key, key.fingerprint().unwrap());
    }
    assert!(SecretKey::read(&gpg.public("s@example.com"), "").is_err());
}
