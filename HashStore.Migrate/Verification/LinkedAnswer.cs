using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace HashStore.Migrate.Verification;

/// <summary>A path that was converted: followed as any reader follows it, it answers with the bytes that the ledger recorded, and a link leads to the object and nowhere else.</summary>
internal sealed class LinkedAnswer(VerifyRun run)
{
    internal const string OtherBytes =
        "The path holds other bytes than recorded; if the site wrote a new version, run `hashstore-migrate run` to absorb it.";

    internal VerifyFinding? Look(VerifiedPath row)
    {
        if (row.Sha256 is null || PlaceOf(row) is not { } place)
        {
            return Finding(VerifyKind.WrongRow, row, "The ledger says that it is converted, but not to what.");
        }

        var full = run.Tree.FullPath(row.Path);
        if (FileStat.Of(full) is not { } stat)
        {
            return Finding(VerifyKind.Gone, row, "Nothing is there any more; if the site deleted or moved the file, run `hashstore-migrate run` to absorb that.");
        }

        if (stat.IsLink)
        {
            return LookAtLink(row, full, $"{run.Parts.Paths.Root}/{place}");
        }

        if (!stat.IsFile)
        {
            return Finding(VerifyKind.WrongType, row, "It is neither a link nor a plain file.");
        }

        return stat.Size == row.Size && run.HasBytes(full, row.Sha256) ? null : Finding(VerifyKind.Changed, row, OtherBytes);
    }

    /// <summary>The place below ROOT that a path's link leads to: a thumbnail's or an object's.</summary>
    private static string? PlaceOf(VerifiedPath row) => row.Place ?? (row.Key is { } key ? ObjectPath.Of(new ContentKey(key)) : null);

    private VerifyFinding? LookAtLink(VerifiedPath row, string full, string wanted)
    {
        if (Posix.ReadLink(full) is not { } target)
        {
            return Finding(VerifyKind.Changed, row, OtherBytes); // a file again since
        }

        // 1. Where does the link say that it leads?
        var leads = Path.GetFullPath(Here(target), Path.GetDirectoryName(full)!);
        var followed = target == Here(target) ? full : leads; // through another mount only the place itself can be followed
        if (Syscall.stat(followed, out var there) != 0)
        {
            return row is { ObjectState: FileState.Deleted or FileState.Collecting } && leads == wanted
                ? Finding(VerifyKind.Leftover, row, "Its content was deleted or hidden since; the link leads nowhere.")
                : Finding(VerifyKind.Dangling, row, $"The link to {target} leads nowhere ({Stdlib.strerror(Stdlib.GetLastError())}).");
        }

        if ((there.st_mode & FilePermissions.S_IFMT) != FilePermissions.S_IFREG)
        {
            return Finding(VerifyKind.Elsewhere, row, $"The link leads to {target}, which is no plain file.");
        }

        // 2. Does it really lead there?
        using var handle = File.OpenHandle(followed);
        if (!IsPlace(handle, leads, wanted, run.Parts.Paths.Root))
        {
            return Finding(VerifyKind.Elsewhere, row, $"The link leads to {target} instead of {wanted}.");
        }

        // 3. Are the bytes there those that were recorded?
        return WasRead(row) || run.HasBytes(handle, row.Sha256!)
            ? null
            : Finding(VerifyKind.WrongBytes, row, $"The link leads to {target}, which holds other bytes than recorded.");
    }

    /// <summary>A link's target as it is called on this machine.</summary>
    private string Here(string target) =>
        run.LinkRoot is { } theirs && target.StartsWith(theirs + "/", StringComparison.Ordinal) ? run.Parts.Paths.Root + target[theirs.Length..] : target;

    /// <summary>Whether what a link led to is the wanted place: by the same path, or, where ROOT has several, by the one that the kernel calls it.</summary>
    private static bool IsPlace(SafeFileHandle handle, string leads, string wanted, string root)
    {
        if (FileStat.Of(wanted) is not { } place || !FileStat.Of(handle).IsSameFile(place))
        {
            return false;
        }

        // An older place of an object that just got a longer key is the same file until it is made a link.
        if (leads == wanted || (ObjectPath.TryParse(Path.GetRelativePath(root, leads), out var old) && ObjectPath.TryParse(Path.GetRelativePath(root, wanted), out var now) && old.Bits != now.Bits))
        {
            return true;
        }

        using var other = Posix.OpenToRead(wanted);
        return KernelPath(handle) == KernelPath(other);
    }

    private static string? KernelPath(SafeFileHandle handle) => Posix.ReadLink($"/proc/self/fd/{handle.DangerousGetHandle()}");

    /// <summary>Whether the link leads to an object that was read already, and was what it should be.</summary>
    private bool WasRead(VerifiedPath row) =>
        row is { Place: null, Key: { } key, ObjectState: FileState.Public, ObjectTouched: { } touched }
        && row.ObjectSha256.AsSpan().SequenceEqual(row.Sha256) && run.IsSound(new ContentKey(key), touched);

    private static VerifyFinding Finding(VerifyKind kind, VerifiedPath row, string detail) => PathVerification.Finding(kind, row, detail);
}
