using HashStore.Storage.Thumbnails.Rendering.Children;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Storage.Thumbnails.Rendering;

/// <summary>What this machine offers: which programs there are, what they read, and the strongest confinement in which they run. Found out by trying.</summary>
internal sealed class RenderTools
{
    /// <summary>A file that every Linux machine has and that no child has any business with.</summary>
    private const string OutOfReach = "/etc/passwd";

    /// <summary>How long a trial may take; on an idle machine it is some ten milliseconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly (string Mime, string Name, string Loader)[] loaded =
    [
        ("image/jpeg", "JPEG", "(jpegload)"), ("image/png", "PNG", "(pngload)"), ("image/gif", "GIF", "(gifload)"), ("image/webp", "WebP", "(webpload)"),
        ("image/tiff", "TIFF", "(tiffload)"), ("image/svg+xml", "SVG", "(svgload)"), ("application/pdf", "PDF", "(pdfload)"),
    ];

    private static readonly string[] folders = ["/usr/bin/", "/usr/local/bin/"];

    private static readonly string[] films = ["video/webm", "video/ogg", "video/mp4"];

    private readonly RenderSettings settings;
    private readonly Dictionary<string, string> remedies = [];
    private readonly List<string> problems = [];

    private RenderTools(RenderSettings settings) => this.settings = settings;

    /// <summary>How children are confined; null where none may run.</summary>
    public Confinement? Confinement { get; private set; }

    /// <summary>A sentence for each thing that is missing.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>What to do so that thumbnails of a type are made; null where they are.</summary>
    public string? Remedy(string mime) =>
        Renderer.OutputsFor(mime).Count == 0 ? $"There are no thumbnails of {mime}." : remedies.GetValueOrDefault(mime);

    /// <summary>The path of a program that was found.</summary>
    public string Path(string program) => Find(program)!;

    /// <summary>Looks for programs and tries them.</summary>
    public static async Task<RenderTools> FindAsync(RenderSettings settings)
    {
        var tools = new RenderTools(settings);
        var vips = tools.Find(Recipe.VipsThumbnail) is not null ? tools.Find(Recipe.Vips) : null;
        var ffmpeg = tools.Find(Recipe.Ffmpeg);
        if (vips is null)
        {
            tools.Lack("Thumbnails of JPEG, PNG, GIF, WebP, TIFF, SVG and PDF are not made: install the package libvips-tools.", loaded.Select(type => type.Mime));
        }

        if (ffmpeg is null)
        {
            tools.Lack("Stills of films (WebM, Ogg, MP4) are not made: install the package ffmpeg.", films);
        }

        if ((vips ?? ffmpeg) is { } any)
        {
            await tools.ConfineAsync(any);
        }

        if (tools.Confinement is not null && vips is not null)
        {
            await tools.ReadLoadersAsync(vips);
        }

        return tools;
    }

    private string? Find(string program) =>
        settings.Programs.TryGetValue(program, out var path) ? (File.Exists(path) ? path : null)
        : folders.Select(folder => folder + program).FirstOrDefault(File.Exists);

    private async Task ConfineAsync(string program)
    {
        string[] question = System.IO.Path.GetFileName(program) == Recipe.Ffmpeg ? ["-version"] : ["--version"];
        foreach (var candidate in Confinement.Candidates(settings).Where(candidate => candidate.Confines || settings.AllowUnconfined))
        {
            if ((await TryAsync(candidate, program, question)).End.IsSuccess && (!candidate.Confines || !(await TryAsync(candidate, "/bin/cat", [OutOfReach])).End.IsSuccess))
            {
                Confinement = candidate;
                break;
            }
        }

        switch (Confinement)
        {
            case null:
                Lack(
                    "No thumbnails are made: this machine offers no way to confine the programs that make them. Install the packages bubblewrap and perl-base, and allow unprivileged user namespaces or Landlock.",
                    [.. loaded.Select(type => type.Mime), .. films]);
                break;
            case { Confines: false }:
                problems.Add("The programs that make thumbnails are not confined: whoever finds a fault in one reaches whatever this server reaches. Install the package bubblewrap.");
                break;
            case { Bubblewrap: false }:
                problems.Add(File.Exists(Confinement.BubblewrapProgram)
                    ? "The programs that make thumbnails are confined by Landlock and seccomp alone: this machine or container refuses namespaces to Bubblewrap."
                    : "The programs that make thumbnails are confined by Landlock and seccomp alone: install the package bubblewrap.");
                break;
            case { Guard: false }:
                problems.Add("The programs that make thumbnails are confined by namespaces alone: this machine lacks Landlock (Linux 5.13).");
                break;
            default:
                break;
        }

        if (Confinement is { AsNobody: false } && Environment.IsPrivilegedProcess)
        {
            problems.Add("The programs that make thumbnails run as root, for this container lets no program change its user: run the server as a user of its own.");
        }
    }

    private async Task ReadLoadersAsync(string vips)
    {
        var (end, list) = await TryAsync(Confinement!, vips, ["-l", "foreign"]);
        if (!end.IsSuccess)
        {
            Lack("Thumbnails of pictures are not made: libvips does not run. Install the package libvips-tools.", loaded.Select(type => type.Mime));
            return;
        }

        foreach (var (mime, name, loader) in loaded.Where(type => !list.Contains(type.Loader, StringComparison.Ordinal)))
        {
            Lack($"Thumbnails of {name} are not made: this libvips does not read it. That of the package libvips-tools does.", [mime]);
        }
    }

    private async Task<(ChildEnd End, string Output)> TryAsync(Confinement candidate, string program, string[] arguments)
    {
        using var nothing = File.OpenHandle("/dev/null");
        using var output = Child.MemoryFile();
        var launch = candidate.Wrap(program, arguments, ["LC_ALL=C.UTF-8"], settings);
        var end = await Child.RunAsync(launch, nothing, output, Patience, TimeProvider.System, CancellationToken.None);
        return (end, Child.Text(output, RandomAccess.GetLength(output)));
    }

    private void Lack(string sentence, IEnumerable<string> types)
    {
        problems.Add(sentence);
        foreach (var mime in types)
        {
            remedies.TryAdd(mime, sentence);
        }
    }
}
