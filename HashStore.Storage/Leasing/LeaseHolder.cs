using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace HashStore.Storage.Leasing;

/// <summary>
/// Names a process so that another one can tell whether it is still alive: <c>BOOT/PIDNS/PID/START</c>, the boot's random number (/proc/sys/kernel/random/boot_id), the inode of the PID namespace, the
/// PID, and the start time in clock ticks after the boot (proc(5): /proc/PID/stat, field 22), because PIDs come again.
/// </summary>
internal static class LeaseHolder
{
    private static readonly string boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
    private static readonly string space = new FileInfo("/proc/self/ns/pid").LinkTarget ?? "";

    /// <summary>This process.</summary>
    internal static string Own { get; } = $"{boot}/{space}/{Environment.ProcessId}/{StartOf(Environment.ProcessId)}";

    /// <summary>Whether a holder is certainly dead: it ran on this boot in this PID namespace, and there is no such process any more. Of others only time tells.</summary>
    internal static bool IsDead(string holder)
    {
        if (holder.Split('/') is not [var itsBoot, var itsSpace, var pid, var start] || !int.TryParse(pid, CultureInfo.InvariantCulture, out var number))
        {
            return true; // no holder that this program writes
        }

        return itsBoot == boot && itsSpace == space && StartOf(number) != start;
    }

    /// <summary>This process, short enough for a file's name; only processes of the same boot and PID namespace understand it.</summary>
    internal static string Mark { get; } = $"{Space()}-{Environment.ProcessId}-{StartOf(Environment.ProcessId)}";

    /// <summary>Whether the process that wrote a <see cref="Mark"/> is dead; null where that cannot be told.</summary>
    internal static bool? IsMarkDead(string mark) => mark.Split('-') is [var itsSpace, var pid, var start, ..] && itsSpace == Space() && int.TryParse(pid, CultureInfo.InvariantCulture, out var number)
        ? StartOf(number) != start
        : null;

    private static string Space() => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(boot + space)).AsSpan(0, 4));

    private static string? StartOf(int pid)
    {
        string stat;
        try
        {
            stat = File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        // The program's name, in parentheses, may hold anything; what follows begins with field 3, the state. A zombie holds nothing any more.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : fields[19];
    }
}
