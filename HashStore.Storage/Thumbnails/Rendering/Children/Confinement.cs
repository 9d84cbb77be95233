using System.Globalization;

namespace HashStore.Storage.Thumbnails.Rendering.Children;

/// <summary>
/// What keeps a child within its input and output. Bubblewrap gives it namespaces of its own: no network, no other processes, no files but programs and fonts, read-only.
/// The <see cref="Guard"/> takes files, sockets and processes away within whatever namespaces there are. Both together where the machine has both.
/// </summary>
/// <param name="Bubblewrap">Whether Bubblewrap is used.</param>
/// <param name="Guard">Whether the guard is used.</param>
/// <param name="AsNobody">Whether a child of root runs as nobody.</param>
internal sealed record Confinement(bool Bubblewrap, bool Guard, bool AsNobody)
{
    /// <summary>Where Debian has it.</summary>
    public const string BubblewrapProgram = "/usr/bin/bwrap";

    /// <summary>Debian's "nobody" and "nogroup".</summary>
    private const string Nobody = "65534";

    /// <summary>Open files and processes of a child; the programs need about 20 and 5.</summary>
    private const int MaxFiles = 256, MaxTasks = 64;

    /// <summary>A tenth of the processor beside what serves: thumbnails can wait, but not until their time limit is over.</summary>
    private const int Niceness = 10;

    /// <summary>The first to go when the machine runs out of memory (from -1000 to 1000).</summary>
    private const int OutOfMemoryScore = 800;

    /// <summary>What programs read, all of it: themselves, libraries, fonts.</summary>
    private static readonly string[] readable =
        ["/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/var/cache/fontconfig"];

    /// <summary>What there is to try, the strongest first.</summary>
    public static IEnumerable<Confinement> Candidates(RenderSettings settings)
    {
        bool[] users = Environment.IsPrivilegedProcess ? [true, false] : [false];
        if (!File.Exists(Children.Guard.Perl))
        {
            return []; // nothing would end the children of a server that was killed
        }

        var bubblewrap = settings.UseBubblewrap && File.Exists(BubblewrapProgram);
        var guard = settings.UseGuard && Children.Guard.IsHere;
        (bool, bool)[] kinds = [(true, true), (true, false), (false, true), (false, false)];
        return
            from kind in kinds
            where (!kind.Item1 || bubblewrap) && (!kind.Item2 || guard)
            from user in users
            select new Confinement(kind.Item1, kind.Item2, user);
    }

    /// <summary>Whether it keeps anything away from the child.</summary>
    public bool Confines => Bubblewrap || Guard;

    /// <summary>A program within all this and the limits.</summary>
    public Launch Wrap(string program, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, RenderSettings settings)
    {
        var folder = Path.GetDirectoryName(program)!;
        string[] reads = readable.Any(path => folder == path || folder.StartsWith(path + "/", StringComparison.Ordinal)) ? readable : [.. readable, folder];
        IEnumerable<string> command = [program, .. arguments];
        command = Guard ? Children.Guard.Command(reads, command) : command;
        command = [.. Limits(settings), .. command];
        command = Bubblewrap ? [.. Namespaces(reads), .. command] : command;
        command = [.. Birth(), .. Watch.Command(command)];
        var all = command.ToList();
        return new Launch(all[0], all[1..], ["PATH=/usr/bin:/bin", .. environment]);
    }

    private List<string> Birth()
    {
        List<string> command =
        [
            "/usr/bin/nice", "-n", Text(Niceness), "/usr/bin/choom", "-n", Text(OutOfMemoryScore), "--", "/usr/bin/setpriv",
        ];
        if (AsNobody)
        {
            command.AddRange([$"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups"]);
        }

        if (!Bubblewrap)
        {
            command.AddRange(["--no-new-privs", "--inh-caps=-all"]);
        }

        return [.. command, "--"];
    }

    private static IEnumerable<string> Namespaces(string[] reads) =>
    [
        BubblewrapProgram, "--unshare-all", "--unshare-user", "--disable-userns", "--uid", Nobody, "--gid", Nobody, "--die-with-parent", "--cap-drop", "ALL",
        .. reads.SelectMany(path => new[] { "--ro-bind-try", path, path }),
        "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/", "--",
    ];

    // Processes are counted by user. Only a namespace of its own has a count of its own, else the server's threads would count too; the guard admits none at all.
    private List<string> Limits(RenderSettings settings)
    {
        var seconds = 2 * (int)Math.Ceiling(settings.Timeout.TotalSeconds);
        List<string> command =
        [
            "/usr/bin/prlimit", $"--as={Text(settings.MemoryBytes)}", $"--fsize={Text(settings.MaxOutputBytes)}", $"--cpu={Text(seconds)}", $"--nofile={Text(MaxFiles)}", "--core=0",
        ];
        if (Bubblewrap)
        {
            command.Add($"--nproc={Text(MaxTasks)}");
        }

        return [.. command, "--"];
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
