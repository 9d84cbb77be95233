using System.Data.Common;
using HashStore.Migrate.Legacy;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Checking;
using HashStore.Storage.Durability;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Migrate.Verification;

/// <summary>What came of verifying.</summary>
/// <param name="Verified">Paths whose content is in the store, and that answer with it.</param>
/// <param name="Left">Paths that are not yet converted.</param>
internal readonly record struct VerifyResult(long Verified, long Left);

/// <summary>
/// Verifies a conversion: the objects, the legacy paths, the rows, in this order, so that each object is read once. It believes nothing of what the converter did, shares neither its plans nor its
/// statements, changes nothing, and may run beside servers and conversions: what looks wrong is looked at again.
/// </summary>
internal static class Verification
{
    /// <summary>Verifies the conversion of a tree into a store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="openTree">Opens the legacy tree, when it is known that there is something to verify.</param>
    /// <param name="options">How.</param>
    /// <param name="listener">Hears what is found.</param>
    /// <param name="hashed">Told the bytes that were hashed, also when it ends early.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="StoreException">There is nothing to verify, or the database failed.</exception>
    internal static async Task<VerifyResult> RunAsync(
        StoreCheck store, Func<LegacyTree> openTree, VerifyOptions options, IVerifyListener listener, Action<long> hashed, CancellationToken cancellation)
    {
        try
        {
            await CheckHasRunAsync(store.Parts, cancellation);
            var tree = openTree();
            await CheckIsTreeAsync(store.Parts, tree, cancellation);
            var run = new VerifyRun(store.Parts, tree, options, TimeProvider.System, listener, cancellation);
            try
            {
                await new ObjectVerification(run).RunAsync();
                var paths = new PathVerification(run);
                await paths.RunAsync();
                await new VersionVerification(run).RunAsync();
                run.TellBroken();
                return new VerifyResult(paths.Verified, paths.Left);
            }
            finally
            {
                hashed(run.Bytes);
            }
        }
        catch (DbException exception)
        {
            throw store.Parts.Database.Translate(exception);
        }
    }

    private static async Task CheckHasRunAsync(StoreParts parts, CancellationToken cancellation)
    {
        await using var context = parts.Database.NewContext();
        if (!await VerifyQueries.Paths(context, long.MinValue, 1).AnyAsync(cancellation))
        {
            throw new StoreException(
                StoreFault.NotAStore, $"Nothing was converted into {parts.Paths.Root} yet: run `hashstore-migrate run --root {parts.Paths.Root}` first (with --legacy, if the tree lies elsewhere).");
        }
    }

    /// <summary>A forgotten <c>--legacy</c> would tell of every single path that it is gone.</summary>
    private static async Task CheckIsTreeAsync(StoreParts parts, LegacyTree tree, CancellationToken cancellation)
    {
        if (!await IsTreeAsync(parts, tree, cancellation))
        {
            throw new StoreException(StoreFault.NotAStore, $"The tree {tree.Root} is not the one that was converted: give that one as --legacy.");
        }
    }

    /// <summary>Whether a tree is the one that was converted.</summary>
    internal static async Task<bool> IsTreeAsync(StoreParts parts, LegacyTree tree, CancellationToken cancellation)
    {
        await using var context = parts.Database.NewContext();
        if (await VerifyQueries.Tree(context).FirstOrDefaultAsync(cancellation) is not { } known
            || (FileStat.Of(tree.Root) is { } root && root.Device == known.Device && root.Inode == known.Inode))
        {
            return true;
        }

        // Not the same folder: moved or restored from a backup, or another tree?
        var first = await VerifyQueries.Paths(context, long.MinValue, VerifyRun.PageRows).ToListAsync(cancellation);
        return first.Exists(row => FileStat.Of(tree.FullPath(row.Path)) is not null);
    }
}
