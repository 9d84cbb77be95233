namespace HashStore.Storage.Safety;

/// <summary>What becomes of an upload with a <see cref="Risk"/>.</summary>
public enum UploadPolicy
{
    /// <summary>It is kept, and browsers save it instead of showing it. What comes by conversion always fares so: history is not lost.</summary>
    Attachment,

    /// <summary>It is refused, and so are types that exist to be run.</summary>
    Refuse,
}

/// <summary>What uploads must be.</summary>
public sealed record UploadRules
{
    /// <summary>What becomes of risky ones.</summary>
    public UploadPolicy Policy { get; init; }

    /// <summary>Only these are taken; empty: all. Media types (<c>image/png</c>), kinds (<c>image/*</c>) and extensions (<c>.png</c>).</summary>
    public TypeList Allow { get; init; } = TypeList.Empty;

    /// <summary>These are not taken. An extension counts wherever it stands in a name: <c>.php</c> in <c>A.php.png</c>.</summary>
    public TypeList Deny { get; init; } = TypeList.Empty;

    /// <summary>Larger drawings are not looked through, which is a finding of its own. In bytes; an attribute as long as the file is in memory as a whole.</summary>
    public long MaxSvgBytes { get; init; } = 16L << 20;

    /// <summary>The program that looks for malware; null: none.</summary>
    public ScannerRules? Scanner { get; init; }
}

/// <summary>How uploads are shown to a scanner for malware.</summary>
/// <param name="Command">The program and its arguments, each by itself; <see cref="FilePlace"/> stands for the file.</param>
/// <param name="Time">How long it may take for one file.</param>
/// <param name="Concurrent">How many may run at the same time; more uploads wait.</param>
public sealed record ScannerRules(IReadOnlyList<string> Command, TimeSpan Time, int Concurrent)
{
    /// <summary>Stands for the path of the file in a command.</summary>
    public const string FilePlace = "{file}";
}
