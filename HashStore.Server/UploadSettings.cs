using HashStore.Storage;
using HashStore.Storage.Safety;

namespace HashStore.Server;

/// <summary>What uploads must be: section <c>HashStore:Uploads</c>.</summary>
internal sealed class UploadSettings
{
    /// <summary>The longest time for one file that makes sense: what waits holds a place among the uploads.</summary>
    private const int MaxScannerSeconds = 3600;

    public UploadPolicy Policy { get; set; }

    /// <summary>Types that are taken; none: all.</summary>
    public List<string> Allow { get; set; } = [];

    /// <summary>Types that are not taken.</summary>
    public List<string> Deny { get; set; } = [];

    public long MaxSvgBytes { get; set; } = new UploadRules().MaxSvgBytes;

    public ScannerSettings Scanner { get; set; } = new();

    /// <summary>A list can be given in one piece too: <c>Uploads:Deny=.exe,.msi</c>.</summary>
    internal void AddLists(IConfigurationSection section)
    {
        foreach (var (list, name) in (ReadOnlySpan<(List<string>, string)>)[(Allow, nameof(Allow)), (Deny, nameof(Deny))])
        {
            if (section[name] is { Length: > 0 } together)
            {
                list.Add(together);
            }
        }
    }

    /// <summary>As the store takes them.</summary>
    /// <exception cref="StoreException">A setting makes no sense.</exception>
    internal UploadRules ToRules()
    {
        if (MaxSvgBytes < 1)
        {
            throw ServerSettings.Bad("Uploads:MaxSvgBytes must be 1 or more.");
        }

        return new UploadRules { Policy = Policy, Allow = TypeList.Parse(Allow), Deny = TypeList.Parse(Deny), MaxSvgBytes = MaxSvgBytes, Scanner = ToScanner() };
    }

    private ScannerRules? ToScanner()
    {
        if (string.IsNullOrWhiteSpace(Scanner.Command))
        {
            return null;
        }

        // No shell reads the command, so a word is what stands between spaces.
        var command = Scanner.Command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (!command.Skip(1).Any(word => word.Contains(ScannerRules.FilePlace, StringComparison.Ordinal)))
        {
            throw ServerSettings.Bad($"Uploads:Scanner:Command needs {ScannerRules.FilePlace} where the file's path is to stand, as in: clamdscan --fdpass --no-summary {ScannerRules.FilePlace}");
        }

        if (!IsThere(command[0]))
        {
            throw ServerSettings.Bad($"Uploads:Scanner:Command: there is no program {command[0]}. Install it, or give its whole path.");
        }

        return Scanner is { Seconds: >= 1 and <= MaxScannerSeconds, Concurrent: >= 1 }
            ? new ScannerRules(command, TimeSpan.FromSeconds(Scanner.Seconds), Scanner.Concurrent)
            : throw ServerSettings.Bad($"Uploads:Scanner: Seconds is 1 to {MaxScannerSeconds}, Concurrent 1 or more.");
    }

    private static bool IsThere(string program) => program.Contains('/', StringComparison.Ordinal)
        ? File.Exists(program)
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Any(folder => File.Exists(Path.Combine(folder, program)));
}

/// <summary>The scanner for malware.</summary>
internal sealed class ScannerSettings
{
    /// <summary>The program and its arguments; null: none.</summary>
    public string? Command { get; set; }

    /// <summary>How long it may take for one file.</summary>
    public int Seconds { get; set; } = 60;

    /// <summary>How many may run at the same time.</summary>
    public int Concurrent { get; set; } = 4;
}
