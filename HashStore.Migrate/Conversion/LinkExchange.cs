using HashStore.Migrate.Legacy;
using HashStore.Schema.Tables;
using HashStore.Storage.Durability;

namespace HashStore.Migrate.Conversion;

/// <summary>
/// Puts a link in the place of a legacy file, in one step, so that the path always answers:
/// <code>
/// 1/12/.hs~7 -> object          made beside the path; 7 is the number of the ledger row
/// 1/12/Name.jpg  ⇄  .hs~7       exchanged: from now on the path is the link, and .hs~7 what lay there
/// .hs~7 is the file that was read, unchanged ?   yes: removed.   no: somebody wrote meanwhile, exchanged back
/// </code>
/// Nothing that somebody else wrote is ever removed: where even exchanging back finds a newer file, both stay, and the report says where.
/// </summary>
internal sealed class LinkExchange(LegacyTree tree, ConversionOptions options)
{
    /// <summary>How often it is exchanged back and forth with somebody who writes at the same moment.</summary>
    private const int MaxTries = 4;

    /// <summary>The temporary path beside a legacy path.</summary>
    internal string Beside(string path, long ledgerId)
    {
        var full = tree.FullPath(path);
        return $"{full[..full.LastIndexOf('/')]}/{Inventory.OwnPrefix}{ledgerId}";
    }

    /// <summary>Exchanges a file for a link to its content.</summary>
    /// <returns>Null when it is done; else why not, and the path is as it was.</returns>
    /// <exception cref="IOException">The disk failed.</exception>
    internal string? Exchange(TakenFile file, string place)
    {
        var full = tree.FullPath(file.Row.Path);
        var beside = Beside(file.Row.Path, file.Row.Id);
        var target = LinkTarget.Of(tree, options, file.Row.Path, place);
        MakeBeside(target, beside);
        CrashPoints.Pass(CrashPoint.LinkMade);
        try
        {
            if (options.WithoutExchange)
            {
                Posix.Rename(beside, full);
                return null;
            }

            Posix.Exchange(beside, full);
            CrashPoints.Pass(CrashPoint.LinkExchanged);
        }
        catch (IOException exception)
        {
            _ = Posix.Unlink(beside);
            if (exception.HResult is Posix.Enoent or Posix.Enotdir)
            {
                return "It vanished while the conversion ran.";
            }

            throw;
        }

        if (FileStat.Of(beside) is { } found && found.IsSameContent(file.Stat) && file.IsUnwritten)
        {
            _ = Posix.Unlink(beside);
            return null;
        }

        return GiveBack(full, beside, target);
    }

    /// <summary>A link of that name can only be of an exchange that a power loss undid, when the ledger had it for done.</summary>
    private static void MakeBeside(string target, string beside)
    {
        try
        {
            Posix.MakeLink(target, beside);
        }
        catch (IOException exception) when (exception.HResult == Posix.Eexist && FileStat.Of(beside) is { IsLink: true })
        {
            _ = Posix.Unlink(beside);
            Posix.MakeLink(target, beside);
        }
    }

    /// <summary>What came out is not what was read: it goes back.</summary>
    private static string GiveBack(string full, string beside, string target)
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            Posix.Exchange(beside, full);
            if (Posix.ReadLink(beside) == target)
            {
                _ = Posix.Unlink(beside);
                return "It was written to or replaced while it was converted: run again.";
            }

            // What came out is newer than what went in: once more, until the link comes out. Every other turn puts the newer file back.
        }

        return $"It was replaced several times while it was converted; an earlier file is kept as {Path.GetFileName(beside)} beside it.";
    }

    /// <summary>Removes our link; whatever else lies at its path meanwhile stays.</summary>
    internal void Remove(LedgerRow row)
    {
        if (LinkTarget.IsOf(tree, row, Posix.ReadLink(tree.FullPath(row.Path))))
        {
            _ = Posix.Unlink(tree.FullPath(row.Path));
        }
    }

    /// <summary>Finishes or takes back an exchange that a dead process left half done.</summary>
    /// <param name="path">The legacy path.</param>
    /// <param name="ledgerId">The number of its row.</param>
    /// <param name="isConverted">Whether a file is the one that was read, of which the store has the bytes.</param>
    internal void Recover(string path, long ledgerId, Func<FileStat, bool> isConverted)
    {
        var full = tree.FullPath(path);
        var beside = Beside(path, ledgerId);
        if (FileStat.Of(beside) is not { } left)
        {
            return;
        }

        if (left.IsLink || isConverted(left))
        {
            _ = Posix.Unlink(beside); // the link before the exchange, or the file after it
            return;
        }

        // The file came out newer than it was read; the path is our link, unless the site wrote to it since: then both are kept.
        if (FileStat.Of(full) is { IsLink: true })
        {
            Posix.Exchange(beside, full);
            _ = Posix.Unlink(beside);
        }
    }
}
