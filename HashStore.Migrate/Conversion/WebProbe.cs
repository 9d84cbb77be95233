using System.Net;
using System.Security.Cryptography;
using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;

namespace HashStore.Migrate.Conversion;

/// <summary>
/// Asks the site's own web server for a converted file, which it must give, and for a file of STATE, which it must not.
/// </summary>
/// <param name="url">The URL of the legacy tree: <c>$wgUploadPath</c> with the site's name.</param>
/// <param name="tree">The tree.</param>
internal sealed class WebProbe(Uri url, LegacyTree tree)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Whether one of STATE's files can be had; there is nothing to ask where STATE lies outside of the tree.</summary>
    /// <exception cref="StoreException">It can.</exception>
    internal async Task CheckStateAsync(CancellationToken cancellation)
    {
        var state = Path.GetRelativePath(tree.Root, tree.Store.Layout);
        if (state.StartsWith("..", StringComparison.Ordinal))
        {
            return;
        }

        var own = SHA256.HashData(await File.ReadAllBytesAsync(tree.Store.Layout, cancellation));
        var (status, digest) = await GetAsync(state, cancellation);
        if (status == HttpStatusCode.OK && digest.AsSpan().SequenceEqual(own))
        {
            throw new StoreException(
                StoreFault.Conflict,
                $"The web server gives {Escape(state)} to everybody: the store's private folder is public. Deny it (nginx: location ~ /\\.hashstore {{ deny all; }}), or put it elsewhere with --state. Nothing was converted.");
        }
    }

    /// <summary>Asks for a converted file.</summary>
    /// <returns>Null when its bytes came back; else what came instead.</returns>
    internal async Task<string?> FindProblemAsync(LedgerRow row, CancellationToken cancellation)
    {
        try
        {
            var (status, digest) = await GetAsync(row.Path, cancellation);
            return status != HttpStatusCode.OK ? $"status {(int)status}"
                : new ContentDigest(digest) != new ContentDigest(row.Sha256!) ? "other bytes"
                : null;
        }
        catch (HttpRequestException exception)
        {
            return exception.Message;
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"no answer in {Patience.TotalSeconds} s";
        }
    }

    /// <summary>The address of a path.</summary>
    internal Uri Escape(string path) => new($"{url.AbsoluteUri.TrimEnd('/')}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}");

    private async Task<(HttpStatusCode Status, byte[] Digest)> GetAsync(string path, CancellationToken cancellation)
    {
        using var client = new HttpClient { Timeout = Patience };
        using var answer = await client.GetAsync(Escape(path), HttpCompletionOption.ResponseHeadersRead, cancellation);
        await using var body = await answer.Content.ReadAsStreamAsync(cancellation);
        return (answer.StatusCode, await SHA256.HashDataAsync(body, cancellation));
    }
}
