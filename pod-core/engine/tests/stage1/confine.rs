//! What an app may do.

use std::fs;

use pod_core::pod::{Capability, SeccompProfile};
use pod_engine::stage1::Report;

use super::fixture::{Ended, Fixture};
use super::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("confine::root_has_the_capabilities_of_docker", Needs::Root, root_has_the_capabilities_of_docker),
    ("confine::another_user_has_none", Needs::Root, another_user_has_none),
    ("confine::what_the_machine_lacks_is_said", Needs::Root, what_the_machine_lacks_is_said),
    ("confine::no_new_privileges", Needs::Root, no_new_privileges),
    ("confine::system_calls", Needs::Root, system_calls),
    ("confine::foreign_architecture_is_killed", Needs::Root, foreign_architecture_is_killed),
    ("confine::profile_of_the_host", Needs::Root, profile_of_the_host),
    ("confine::signals_are_reset", Needs::Root, signals_are_reset),
    ("confine::out_of_memory_score", Needs::Root, out_of_memory_score),
];

/// The lines of `/proc/self/status` that begin so, without white space.
fn status(fixture: &Fixture, keys: &str) -> Ended {
    let mut fixture_plan = fixture.plan.clone();
    fixture_plan.process.argv =
        vec!["grep".into(), "-E".into(), format!("^({keys}):"), "/proc/self/status".into()];
    super::fixture::run(&pod_engine::plan::Plan::App(Box::new(fixture_plan)), pod_engine::stage1::Pids::New)
}

fn root_has_the_capabilities_of_docker() {
    let ended = status(&Fixture::shell(""), "Cap...|NoNewPrivs|Seccomp|Seccomp_filters|Uid|Gid|Groups");
    // `docker run busybox grep Cap /proc/self/status` prints 00000000a80425fb.
    assert_eq!(
        ended.success(),
        "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t0 \n\
         CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\n\
         CapAmb:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t2\nSeccomp_filters:\t1\n"
    );
}

fn another_user_has_none() {
    let mut fixture = Fixture::shell("");
    fixture.plan.process.user.user = "web".into();
    fixture.plan.process.user.supplementary_groups = vec![7];
    let ended = status(&fixture, "Cap...|Uid|Gid|Groups");
    assert_eq!(
        ended.success(),
        "Uid:\t33\t33\t33\t33\nGid:\t34\t34\t34\t34\nGroups:\t7 34 50 \n\
         CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t00000000a80425fb\n\
         CapAmb:\t0000000000000000\n"
    );
    // Its streams are its own: it can open them by name.
    fixture.plan.process.argv =
        vec!["sh".into(), "-c".into(), "echo out > /dev/stdout; echo err > /dev/stderr; echo $HOME".into()];
    assert_eq!(fixture.run().success(), "out\nerr\n/srv/www\n");
}

fn what_the_machine_lacks_is_said() {
    let own = fs::read_to_string("/proc/self/status").unwrap();
    let own = own.lines().find_map(|line| line.strip_prefix("CapPrm:\t")).unwrap();
    let own = u64::from_str_radix(own, 16).unwrap();
    let mut fixture = Fixture::shell("");
    fixture.plan.confinement.capabilities = Capability::ALL.to_vec();
    let ended = status(&fixture, "CapEff");
    let all = (1u64 << Capability::ALL.len()) - 1;
    assert_eq!(ended.output, format!("CapEff:\t{:016x}\n", own & all));
    let missing: Vec<&str> =
        Capability::ALL.iter().filter(|one| own & (1 << one.number()) == 0).map(|one| one.as_str()).collect();
    let warning = format!("not available on this machine, and not given to the app: {}", missing.join(", "));
    let wanted =
        if missing.is_empty() { vec![Report::Ready] } else { vec![Report::Warning(warning), Report::Ready] };
    assert_eq!(ended.reports, wanted);
}

fn no_new_privileges() {
    let mut fixture = Fixture::shell("");
    fixture.plan.confinement.no_new_privileges = true;
    fixture.plan.process.user.user = "33".into();
    assert_eq!(status(&fixture, "NoNewPrivs|Seccomp").success(), "NoNewPrivs:\t1\nSeccomp:\t2\n");
    fixture.plan.confinement.seccomp = SeccompProfile::Unconfined;
    assert_eq!(status(&fixture, "NoNewPrivs|Seccomp").success(), "NoNewPrivs:\t1\nSeccomp:\t0\n");
}

const BY_DEFAULT: &str = "getppid: ok\nkeyctl: EPERM\nbpf: EPERM\nio_uring_setup: EPERM\nuserfaultfd: EPERM\n\
    unshare(NEWUSER): EPERM\nsetns: EPERM\nclone(NEWUSER): EPERM\nclone3: ENOSYS\nmount: EPERM\nopen_by_handle_at: EPERM\n\
    perf_event_open: EPERM\nsocket(ALG): EPERM\nsocket(VSOCK): EPERM\nsocket(99): EPERM\n\
    personality(ADDR_NO_RANDOMIZE): EPERM\npersonality(get): ok\nnumber 449: another error\nnumber 400: ENOSYS\nnumber 5000: ENOSYS\n";

fn system_calls() {
    let mut fixture = Fixture::command(&["/bin/self", "--syscalls"]);
    fixture.copy_self();
    for (no_new_privileges, user) in [(false, "0"), (true, "0"), (true, "33")] {
        fixture.plan.confinement.no_new_privileges = no_new_privileges;
        fixture.plan.process.user.user = user.into();
        assert_eq!(fixture.run().success(), BY_DEFAULT, "{no_new_privileges} {user}");
    }
}

fn foreign_architecture_is_killed() {
    let mut fixture = Fixture::command(&["/bin/self", "--foreign"]);
    fixture.copy_self();
    let ended = fixture.run();
    if cfg!(target_arch = "x86_64") {
        assert_eq!((ended.status, ended.output.as_str()), (128 + libc::SIGSYS, ""));
        fixture.plan.confinement.seccomp = SeccompProfile::Unconfined;
        assert!(
            fixture.run().output.starts_with("i386 getpid: ") || fixture.run().status == 128 + libc::SIGSEGV
        );
    }
}

fn profile_of_the_host() {
    let mut fixture = Fixture::command(&["/bin/self", "--syscalls"]);
    fixture.copy_self();
    let profile = fixture.host("profile.json");
    let native = if cfg!(target_arch = "x86_64") { "SCMP_ARCH_X86_64" } else { "SCMP_ARCH_AARCH64" };
    fs::write(
        &profile,
        format!(
            r#"{{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["{native}"],
                "syscalls": [{{"names": ["getppid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}},
                             {{"names": ["unshare", "setns", "clone3"], "action": "SCMP_ACT_ERRNO"}}]}}"#
        ),
    )
    .unwrap();
    fixture.plan.confinement.seccomp = SeccompProfile::Localhost(profile.clone());
    let ended = fixture.run();
    assert!(ended.success().starts_with("getppid: ENOSYS\n"), "{}", ended.output);
    assert!(
        ended.output.contains("setns: EPERM\n") && ended.output.contains("clone3: EPERM\n"),
        "{}",
        ended.output
    );

    fs::write(&profile, r#"{"defaultAction": "SCMP_ACT_NOTIFY"}"#).unwrap();
    let path = profile.display();
    let wanted = format!(
        "Create: loading the seccomp profile `{path}`: defaultAction: `SCMP_ACT_NOTIFY` is not supported"
    );
    assert_eq!(fixture.run().failure(), wanted);
    fs::remove_file(&profile).unwrap();
    let wanted = format!("Create: loading the seccomp profile `{path}`: no such file or directory");
    assert_eq!(fixture.run().failure(), wanted);
}

fn signals_are_reset() {
    // The Rust runtime of this program ignores SIGPIPE.
    let ended = status(&Fixture::shell(""), "SigBlk|SigIgn|SigCgt");
    assert_eq!(
        ended.success(),
        "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n"
    );
}

fn out_of_memory_score() {
    let mut fixture = Fixture::command(&["cat", "/proc/self/oom_score_adj"]);
    fixture.plan.oom_score_adj = Some(777);
    assert_eq!(fixture.run().success(), "777\n");
    fixture.plan.oom_score_adj = Some(-999);
    let ended = fixture.run();
    let refused = Report::Warning(
        "the out-of-memory score adjustment -999 is not applied: permission denied".to_owned(),
    );
    match ended.output.as_str() {
        "-999\n" => assert_eq!(ended.reports, [Report::Ready]),
        _ => assert_eq!((ended.reports, ended.status), (vec![refused, Report::Ready], 0)),
    }
}
