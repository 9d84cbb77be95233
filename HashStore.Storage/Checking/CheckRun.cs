using System.Globalization;
using System.Threading.Channels;
using HashStore.Schema;
using HashStore.Storage.Damage;
using HashStore.Storage.Objects;

namespace HashStore.Storage.Checking;

/// <summary>One run of the checker: what all its parts share.</summary>
internal sealed class CheckRun(
    StoreParts parts,
    TimeProvider clock,
    CheckOptions options,
    DamageRegister damage,
    ChannelWriter<Finding> findings,
    IProgress<CheckProgress>? progress,
    CancellationToken cancellation)
{
    /// <summary>Rows read by one query: a few milliseconds, so that no snapshot keeps a live server's log from being copied back.</summary>
    internal const int PageRows = 1000;

    /// <summary>Objects that are remembered as told about. A store with more of them is lost anyway; then some are told about twice.</summary>
    private const int MaxRemembered = 100_000;

    private readonly long start = clock.GetTimestamp();
    private readonly HashSet<ContentKey> told = [];
    private CheckStage stage;
    private long done, total, bytes, totalBytes;

    internal StoreParts Parts => parts;

    internal CheckOptions Options => options;

    internal bool Full => options.Full;

    internal TimeProvider Clock => clock;

    internal DamageRegister Damage => damage;

    /// <summary>Whether the time that the check may take is over.</summary>
    internal bool IsTimeUp => options.TimeLimit is { } limit && clock.GetElapsedTime(start) >= limit;

    /// <summary>How far the reading of all bytes came.</summary>
    internal CheckReach? Reach { get; set; }

    internal CancellationToken Cancellation => cancellation;

    internal DateTime Now => clock.GetUtcNow().UtcDateTime;

    internal void Begin(CheckStage begun, long count = 0, long size = 0)
    {
        (stage, done, total) = (begun, 0, count);
        totalBytes = size > 0 ? size : totalBytes;
        Show();
    }

    /// <summary>Whether the object's bytes were reported to be missing, unreadable or of another size.</summary>
    internal bool WasTold(ContentKey key) => told.Contains(key);

    /// <summary>One row or file is done.</summary>
    internal void Step()
    {
        done++;
        cancellation.ThrowIfCancellationRequested();
        Show();
    }

    /// <summary>So many bytes of an object were read.</summary>
    internal void CountBytes(int count)
    {
        bytes += count;
        Show();
    }

    /// <summary>Every finding has a place: what is neither an object's nor a file's is the database's.</summary>
    internal ValueTask ReportAsync(Finding finding)
    {
        if (finding is { Key: { } key, Kind: FindingKind.MissingObject or FindingKind.WrongSize or FindingKind.Unreadable } && told.Count < MaxRemembered)
        {
            told.Add(key);
        }

        return findings.WriteAsync(finding.Key is null && finding.Path is null ? finding with { Path = Relative(parts.Paths.Database) } : finding, cancellation);
    }

    internal string PathOf(ContentKey key, Zone zone) => PathOf(ObjectPath.Of(key), zone);

    internal string PathOf(string relative, Zone zone) => zone == Zone.Public ? relative : Relative(Path.Combine(parts.Paths.Deleted, relative));

    internal string Relative(string absolute) => Path.GetRelativePath(parts.Paths.Root, absolute);

    /// <summary>An age as people say it.</summary>
    internal static string Age(TimeSpan age) => age.TotalHours >= 48
        ? string.Create(CultureInfo.InvariantCulture, $"{age.TotalDays:F0} days")
        : age.TotalMinutes >= 120
            ? string.Create(CultureInfo.InvariantCulture, $"{age.TotalHours:F0} hours")
            : string.Create(CultureInfo.InvariantCulture, $"{age.TotalMinutes:F0} minutes");

    private void Show() => progress?.Report(new CheckProgress(stage, done, total, bytes, totalBytes));
}
