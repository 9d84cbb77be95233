using HashStore.Storage;
using Microsoft.Extensions.Logging;

namespace HashStore.Migrate.Live;

/// <summary>
/// A store together with the legacy tree of a living site: names are converted when somebody asks for them, and followed when the wiki changes them. Safe for many threads; several processes may
/// live with one tree.
/// </summary>
internal sealed class LegacySite : IAsyncDisposable
{
    /// <summary>Opens it; cheap, nothing is walked.</summary>
    /// <exception cref="StoreException">The tree cannot be worked with; the message says what to do. Serve the files as they are then.</exception>
    internal static Task<LegacySite> OpenAsync(Store store, LegacySiteOptions options, ILogger logger) => throw new NotImplementedException();

    /// <summary>What a legacy path stands for, after it was converted or followed if need be; null: nothing.</summary>
    /// <param name="path">Decoded, relative to the tree, with slashes: <c>1/12/Name.jpg</c>, <c>archive/…</c>, <c>thumb/…</c>.</param>
    /// <param name="cancellation">The request's.</param>
    internal Task<LegacyView?> FindAsync(string path, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Sees to it that the tables know what the legacy tree has under a name: a look at the file and two small queries when nothing has changed. Never throws for one bad file.</summary>
    /// <param name="name">The name as it was asked for; also where nobody knows it.</param>
    /// <param name="cancellation">The request's.</param>
    internal Task RefreshAsync(string name, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Follows one name thoroughly now: tables, tree, archive and deleted zone.</summary>
    /// <exception cref="StoreException">It could not be done; says what to do.</exception>
    internal Task ReconcileAsync(string name, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Follows names that something happened to; for the watcher.</summary>
    internal Task ReconcileAsync(IReadOnlyCollection<string> names, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>One whole pass: reads changed tables, walks the tree, follows what changed, converts everything that is left.</summary>
    /// <param name="listener">Told the progress.</param>
    /// <param name="isBusy">Asked between pieces of work: while it says true the pass waits (requests go first).</param>
    /// <param name="cancellation">Stops it; what is under way is finished.</param>
    internal Task PassAsync(Conversion.IConversionListener listener, Func<bool> isBusy, CancellationToken cancellation) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
