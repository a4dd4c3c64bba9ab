/* The least that a container can be: new namespaces, another root, a program, and its end.
   limit ROOT PROGRAM */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char stack[65536];

static int inside(void *arguments)
{
	char **argv = arguments;

	if (mount("none", "/", 0, MS_REC | MS_SLAVE, 0) || mount(argv[1], argv[1], 0, MS_BIND, 0) || chdir(argv[1]) ||
	    syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/") ||
	    mount("proc", "/proc", "proc", 0, 0))
		return 125;
	execl(argv[2], argv[2], (char *)0);
	return 126;
}

int main(int argc, char **argv)
{
	int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | SIGCHLD, status;
	pid_t pid;

	if (argc != 3 || (pid = clone(inside, stack + sizeof stack, flags, argv)) < 0 || waitpid(pid, &status, 0) < 0)
		return 124;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 123;
}
