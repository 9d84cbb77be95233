using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace HashStore.Storage.Thumbnails.Rendering.Children;

/// <summary>
/// A seccomp filter (linux/seccomp.h) in classic BPF (linux/filter.h): everything is allowed but what a decoder of pictures never needs and an attacker would:
/// sockets, new processes, other processes, namespaces, mounts, the kernel's large interfaces. A refused call fails with EPERM.
/// </summary>
internal static class SyscallFilter
{
    private const uint Allow = 0x7FFF0000, RefuseEperm = 0x00050001, RefuseEnosys = 0x00050026, KillProcess = 0x80000000;

    // Offsets in struct seccomp_data: the call's number, the machine, the low half of the first argument.
    private const uint Number = 0, Machine = 4, FirstArgument = 16;

    private const ushort Load = 0x20, JumpEqual = 0x15, JumpGreaterOrEqual = 0x35, JumpAnyBit = 0x45, Return = 0x06;

    /// <summary>CLONE_THREAD: without it clone makes a process.</summary>
    private const uint CloneThread = 0x00010000;

    private static readonly Dictionary<Architecture, Table> tables = new()
    {
        // asm/unistd_64.h. From 0x40000000 on the numbers mean the calls of another interface (x32).
        [Architecture.X64] = new(0xC000003E, Prctl: 157, CloneCall: 56, Clone3: 435,
        [
            41, 53, // socket, socketpair
            57, 58, // fork, vfork
            62, 200, 234, 129, 297, 424, // kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal
            101, 310, 311, 312, 434, 438, // ptrace, process_vm_readv, process_vm_writev, kcmp, pidfd_open, pidfd_getfd
            141, 203, 302, 251, // setpriority, sched_setaffinity, prlimit64, ioprio_set
            165, 166, 155, 161, 272, 308, 428, 429, 430, 431, 432, 442, // mount, umount2, pivot_root, chroot, unshare, setns, open_tree, move_mount, fsopen, fsconfig, fsmount, mount_setattr
            425, 426, 427, 321, 298, 323, 248, 249, 250, // io_uring_setup, io_uring_enter, io_uring_register, bpf, perf_event_open, userfaultfd, add_key, request_key, keyctl
        ]),
        // asm-generic/unistd.h.
        [Architecture.Arm64] = new(0xC00000B7, Prctl: 167, CloneCall: 220, Clone3: 435,
        [
            198, 199,
            129, 130, 131, 138, 240, 424,
            117, 270, 271, 272, 434, 438,
            140, 122, 261, 30,
            40, 39, 41, 51, 97, 268, 428, 429, 430, 431, 432, 442,
            425, 426, 427, 280, 241, 282, 217, 218, 219,
        ]),
    };

    /// <summary>Whether the numbers of this machine's calls are known.</summary>
    public static bool IsKnownHere => tables.ContainsKey(RuntimeInformation.ProcessArchitecture);

    /// <summary>The number of prctl, which installs the filter.</summary>
    public static int Prctl => tables[RuntimeInformation.ProcessArchitecture].Prctl;

    /// <summary>The filter: instructions of eight bytes.</summary>
    public static byte[] Program()
    {
        var table = tables[RuntimeInformation.ProcessArchitecture];
        List<Instruction> program =
        [
            new(Load, 0, 0, Machine),
            new(JumpEqual, 1, 0, table.Machine),
            new(Return, 0, 0, KillProcess),
            new(Load, 0, 0, Number),
            new(JumpGreaterOrEqual, 0, 1, 0x40000000),
            new(Return, 0, 0, KillProcess),
            // The C library falls back to clone, whose flags can be seen.
            new(JumpEqual, 0, 1, (uint)table.Clone3),
            new(Return, 0, 0, RefuseEnosys),
            new(JumpEqual, 0, 4, (uint)table.CloneCall),
            new(Load, 0, 0, FirstArgument),
            new(JumpAnyBit, 0, 1, CloneThread),
            new(Return, 0, 0, Allow),
            new(Return, 0, 0, RefuseEperm),
        ];
        foreach (var call in table.Refused)
        {
            program.Add(new(JumpEqual, 0, 1, (uint)call));
            program.Add(new(Return, 0, 0, RefuseEperm));
        }

        program.Add(new(Return, 0, 0, Allow));
        var bytes = new byte[program.Count * 8];
        for (var at = 0; at < program.Count; at++)
        {
            var (code, whenTrue, whenFalse, value) = program[at];
            var instruction = bytes.AsSpan(at * 8);
            BinaryPrimitives.WriteUInt16LittleEndian(instruction, code);
            (instruction[2], instruction[3]) = (whenTrue, whenFalse);
            BinaryPrimitives.WriteUInt32LittleEndian(instruction[4..], value);
        }

        return bytes;
    }

    private sealed record Table(uint Machine, int Prctl, int CloneCall, int Clone3, int[] Refused);

    private readonly record struct Instruction(ushort Code, byte WhenTrue, byte WhenFalse, uint Value);
}
