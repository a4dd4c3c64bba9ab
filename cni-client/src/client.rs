//! All of it together: plugins, records and locks (feature `exec`).
//!
//! A [`Client`] stores an attachment before the first plugin runs and after each one, so that whatever happens to the
//! process, DEL finds what it needs. It locks: one operation at a time on a container, GC of a network alone.

mod error;
mod pod;
mod versions;

pub use error::ClientError;
pub use pod::DetachReport;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::attachment::{Attachment, AttachmentKey};
use crate::cache::{Access, Cache, CacheError, Lock, Patience, Record};
use crate::chain::{Add, Chain, Check, Del, Gc, GcReport, OnError, Status, drive};
use crate::config::NetworkConfig;
use crate::exec::{Cancel, orphan};
use crate::name::{ContainerId, InterfaceName, NetworkName};
use crate::network::check_ports_free;
use crate::plugins::{Identity, Plugins};
use crate::request::{Netns, Request, SearchPath};
use crate::version::SupportedVersions;

/// How long an operation waits for another process by default: longer than one plugin may take.
const PATIENCE: Duration = Duration::from_secs(150);

/// The runtime's side of CNI on one machine.
///
/// ```no_run
/// use cni_client::cache::Cache;
/// use cni_client::client::Client;
/// use cni_client::config::NetworkConfig;
/// use cni_client::exec::Exec;
/// use cni_client::request::Request;
///
/// let mut client = Client::new(Exec::new(), "/usr/lib/cni".parse()?, Cache::open("/run/podkit/cni")?);
/// let config = NetworkConfig::parse(r#"{"cniVersion": "1.0.0", "name": "lo", "type": "loopback"}"#)?;
/// let request = Request::new("c1".parse()?, "/run/netns/c1".parse()?, "lo".parse()?);
/// let key = client.add(config, request)?.key();
/// client.check(&key)?;
/// client.del(&key)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Client<P> {
    plugins: P,
    path: SearchPath,
    cache: Cache,
    patience: Duration,
    cancel: Option<Cancel>,
    on_error: OnError,
    /// What plugins have answered to VERSION.
    spoken: HashMap<Identity, SupportedVersions>,
}

impl<P: Plugins> Client<P> {
    /// A client that goes on after failures of DEL.
    #[must_use]
    pub fn new(plugins: P, path: SearchPath, cache: Cache) -> Self {
        let (patience, on_error, spoken) = (PATIENCE, OnError::GoOn, HashMap::new());
        Self { plugins, path, cache, patience, cancel: None, on_error, spoken }
    }

    /// What DEL does after a failure.
    #[must_use]
    pub const fn with_on_error(mut self, on_error: OnError) -> Self {
        self.on_error = on_error;
        self
    }

    /// How long an operation waits for another process.
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Lets another thread stop an ADD that waits for another process. Give it to [`Exec`](crate::exec::Exec::with_cancel), too,
    /// which then kills what runs. What was begun is undone, and DEL is not stopped.
    #[must_use]
    pub fn with_cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = Some(cancel);
        self
    }

    /// The records.
    #[must_use]
    pub const fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Attaches a container, and stores the attachment. When that fails it is undone.
    ///
    /// A configuration with several versions is spoken in the newest that its plugins know.
    ///
    /// # Errors
    ///
    /// When the container is attached so already (a record is there), when another container has a port of the host that it
    /// wants, when a plugin fails, and when the record cannot be written.
    pub fn add(&mut self, mut config: NetworkConfig, request: Request) -> Result<Attachment, ClientError> {
        let mut patience = Patience::new(self.patience);
        if let Some(cancel) = &self.cancel {
            patience = patience.with_cancel(cancel);
        }
        let _locks = (
            self.cache.lock_network(config.name(), Access::Shared, patience)?,
            self.settled(&request.container, patience)?,
        );
        if config.declared_versions().candidates().len() > 1 {
            self.choose_version(&mut config)?;
        }
        let chain = Add::new(config, request, self.path.clone())?;
        match self.cache.begin(chain.attachment()) {
            Ok(record) => {
                if let Err(error) = self.check_ports(chain.attachment()) {
                    self.cache.remove(&chain.attachment().key())?;
                    return Err(error);
                }
                self.run_add(chain, record)
            }
            Err(error) if error.is_occupied() => {
                let key = chain.attachment().key();
                // One that is broken says so itself; what is there may also be no file at all.
                match self.cache.load(&key)? {
                    Some(_) => Err(ClientError::Attached { key }),
                    None => Err(error.into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Ports of the host are looked for when the record is there: of two that want the same one at the same time, at least one sees
    /// the other.
    fn check_ports(&self, attachment: &Attachment) -> Result<(), ClientError> {
        let mappings = attachment.capabilities().port_mappings().unwrap_or_default();
        if mappings.is_empty() {
            return Ok(());
        }
        let others = self.cache.list()?.attachments;
        Ok(check_ports_free(&mappings, attachment.container(), &others)?)
    }

    fn run_add(&mut self, mut chain: Add, mut record: Record) -> Result<Attachment, ClientError> {
        let key = chain.attachment().key();
        let mut stored: Result<(), CacheError> = Ok(());
        let mut written = 0;
        while let Some(invocation) = chain.next_invocation() {
            match self.plugins.run(&invocation) {
                Ok(output) => chain.on_output(output),
                Err(failure) => chain.on_failure(failure),
            }
            // Each result once; after a failure the record stays as it is until everything is undone.
            if stored.is_ok()
                && chain.added() > written
                && let Some(result) = chain.attachment().result()
            {
                stored = record.append(result);
                written = chain.added();
            }
        }
        match chain.finish() {
            Ok(attachment) => match stored {
                Ok(()) => Ok(attachment),
                Err(unstored) => {
                    // The result must be stored; what cannot be is taken back.
                    let undo =
                        drive(Del::new(attachment, self.path.clone(), OnError::GoOn), &mut self.plugins);
                    if undo.is_ok() {
                        let _ = self.cache.remove(&key);
                    }
                    Err(unstored.into())
                }
            },
            Err(error) => {
                self.doubt(&error);
                if error.is_undone() {
                    self.cache.remove(&key)?;
                }
                Err(error.into())
            }
        }
    }

    /// Detaches a container from its record alone, and forgets it. False when there is no record.
    ///
    /// # Errors
    ///
    /// When a plugin fails (the record stays), and when the record is broken; see [`Client::del_unrecorded`].
    pub fn del(&mut self, key: &AttachmentKey) -> Result<bool, ClientError> {
        let _locks = (self.lock_network(key.network())?, self.lock_container(key.container())?);
        match self.cache.load(key)? {
            Some(attachment) => self.run_del(without_lost_netns(attachment)).map(|()| true),
            None => Ok(false),
        }
    }

    /// Detaches what this client has no record of, or a broken one: with what is known from elsewhere, such as
    /// [libcni's record](crate::cache::load_libcni), or with no more than [what ADD was asked for](Attachment::new).
    ///
    /// # Errors
    ///
    /// When a plugin fails.
    pub fn del_unrecorded(&mut self, attachment: Attachment) -> Result<(), ClientError> {
        let _locks =
            (self.lock_network(attachment.config().name())?, self.lock_container(attachment.container())?);
        self.run_del(without_lost_netns(attachment))
    }

    fn run_del(&mut self, attachment: Attachment) -> Result<(), ClientError> {
        let key = attachment.key();
        drive(Del::new(attachment, self.path.clone(), self.on_error), &mut self.plugins)?;
        Ok(self.cache.remove(&key)?)
    }

    /// Asks the plugins whether an attachment is as ADD left it.
    ///
    /// # Errors
    ///
    /// When it is not, when there is no record with a result, and when the version has no CHECK.
    pub fn check(&mut self, key: &AttachmentKey) -> Result<(), ClientError> {
        let _locks = (self.lock_network(key.network())?, self.lock_container(key.container())?);
        let attachment =
            self.cache.load(key)?.ok_or_else(|| ClientError::NotAttached { key: key.clone() })?;
        Ok(drive(Check::new(attachment, self.path.clone())?, &mut self.plugins)?)
    }

    /// [`Client::check`] of what this client has no record of.
    ///
    /// # Errors
    ///
    /// When it is not as it should be, when it has no result, and when the version has no CHECK.
    pub fn check_unrecorded(&mut self, attachment: Attachment) -> Result<(), ClientError> {
        let _locks =
            (self.lock_network(attachment.config().name())?, self.lock_container(attachment.container())?);
        Ok(drive(Check::new(attachment, self.path.clone())?, &mut self.plugins)?)
    }

    /// Asks the plugins whether a network can serve ADD.
    ///
    /// # Errors
    ///
    /// When one of them cannot.
    pub fn status(&mut self, mut config: NetworkConfig) -> Result<(), ClientError> {
        self.choose_version(&mut config)?;
        Ok(drive(Status::new(config, self.path.clone())?, &mut self.plugins)?)
    }

    /// Brings a network back to its valid attachments: DEL of every record of it that is not valid, then GC.
    ///
    /// # Errors
    ///
    /// When the records cannot be listed. What plugins do is in the report; broken records are left alone.
    pub fn gc(
        &mut self,
        mut config: NetworkConfig,
        valid: impl IntoIterator<Item = (ContainerId, InterfaceName)>,
    ) -> Result<GcReport, ClientError> {
        let _lock = self.cache.lock_network(config.name(), Access::Exclusive, self.patience)?;
        self.choose_version(&mut config)?;
        self.cache.sweep()?;
        let known = self.cache.list()?.attachments;
        let valid: Vec<_> = valid.into_iter().collect();
        let _containers = self.lock_stale(&known, config.name(), &valid)?;
        let known = known.into_iter().map(without_lost_netns);
        let report = drive(Gc::new(config, known, valid, self.path.clone())?, &mut self.plugins);
        for key in &report.deleted {
            self.cache.remove(key)?;
        }
        Ok(report)
    }

    /// Locks the containers of the attachments that GC will delete: they may have other networks, too.
    fn lock_stale(
        &self,
        known: &[Attachment],
        network: &NetworkName,
        valid: &[(ContainerId, InterfaceName)],
    ) -> Result<Vec<Lock>, ClientError> {
        let is_valid = |attachment: &Attachment| {
            valid.iter().any(|(container, interface)| {
                container == attachment.container() && interface == attachment.interface()
            })
        };
        let stale: BTreeSet<&ContainerId> = known
            .iter()
            .filter(|attachment| attachment.config().name() == network && !is_valid(attachment))
            .map(Attachment::container)
            .collect();
        let locks = self.cache.lock_containers(stale, self.patience)?;
        locks.iter().try_for_each(settle)?;
        Ok(locks)
    }

    /// Waits until nobody works on a container: no other client, and no plugin of one that was killed.
    fn lock_container(&self, container: &ContainerId) -> Result<Lock, ClientError> {
        self.settled(container, Patience::new(self.patience))
    }

    fn settled(&self, container: &ContainerId, patience: Patience<'_>) -> Result<Lock, ClientError> {
        let lock = self.cache.lock_container(container, patience)?;
        settle(&lock)?;
        Ok(lock)
    }

    fn lock_network(&self, network: &NetworkName) -> Result<Lock, CacheError> {
        self.cache.lock_network(network, Access::Shared, self.patience)
    }
}

/// Waits for what a client that was killed has begun.
fn settle(lock: &Lock) -> Result<(), ClientError> {
    let Some(container) = lock.left() else { return Ok(()) };
    orphan::settle(container).map_err(|source| ClientError::Orphans { container: container.clone(), source })
}

/// Without its namespace when that is gone. What `umount` leaves of it is an empty file, which plugins trip over: bridge
/// 1.1.1 takes only a missing file for a namespace that is gone.
fn without_lost_netns(attachment: Attachment) -> Attachment {
    const NSFS: u32 = 0x6e73_6673;
    const PROC: u32 = 0x9fa0; // namespaces of before Linux 3.19
    let is_namespace = |netns: &Netns| {
        rustix::fs::statfs(netns.as_path())
            .is_ok_and(|fs| u32::try_from(fs.f_type).is_ok_and(|kind| matches!(kind, NSFS | PROC)))
    };
    if attachment.netns().is_some_and(|netns| !is_namespace(netns)) {
        attachment.without_netns()
    } else {
        attachment
    }
}
