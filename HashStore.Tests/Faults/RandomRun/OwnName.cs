using System.Text.Json;

namespace HashStore.Tests.Faults.RandomRun;

/// <summary>A version of a name as the API shows it to an administrator. Of a deleted name, every version counts as deleted.</summary>
internal sealed record OwnVersion(long Id, string Sha256, bool Deleted, string Url);

/// <summary>A name as the API shows it, which a client alone changes.</summary>
internal sealed record OwnName(bool Deleted, long Current, IReadOnlyDictionary<long, OwnVersion> Versions)
{
    /// <summary>A name that nobody has used.</summary>
    internal static OwnName None { get; } = new(Deleted: true, Current: 0, new Dictionary<long, OwnVersion>());

    internal bool Exists => Versions.Count > 0;

    internal OwnVersion? Shown => Exists && !Deleted ? Versions[Current] : null;

    /// <summary>What everybody may read.</summary>
    internal IEnumerable<OwnVersion> Public => Versions.Values.Where(version => !Deleted && !version.Deleted);

    internal static OwnName Of(JsonElement file) => new(
        file.GetProperty("deleted").GetBoolean(),
        file.GetProperty("current").GetProperty("id").GetInt64(),
        file.GetProperty("versions").EnumerateArray().Select(version => new OwnVersion(
            version.GetProperty("id").GetInt64(), version.GetProperty("sha256").GetString()!, version.GetProperty("deleted").GetBoolean(), version.GetProperty("url").GetString()!))
            .ToDictionary(version => version.Id));

    /// <summary>Whether nothing has changed.</summary>
    internal bool IsSame(OwnName other) => Deleted == other.Deleted && Current == other.Current && Versions.Count == other.Versions.Count && other.Versions.Values.All(Versions.Values.Contains);

    /// <summary>Whether every version of before is still there with its content, and at most one is new.</summary>
    internal bool Continues(OwnName before) =>
        before.Versions.Values.All(version => Versions.GetValueOrDefault(version.Id)?.Sha256 == version.Sha256) && Versions.Count - before.Versions.Count is 0 or 1;

    public override string ToString() =>
        Exists ? $"{(Deleted ? "deleted, " : "")}current {Current}: {string.Join(", ", Versions.Values.Select(version => $"{version.Id}={version.Sha256[..8]}{(version.Deleted ? " deleted" : "")}"))}" : "not there";
}
