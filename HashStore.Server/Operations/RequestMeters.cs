using System.Diagnostics;
using HashStore.Storage.Objects;

namespace HashStore.Server.Operations;

/// <summary>Counts requests, their time and their bytes, by the part of the site that answered.</summary>
internal sealed class RequestMeters
{
    /// <summary>Upper bounds in seconds, from a cached object to a slow upload.</summary>
    internal static readonly double[] Buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    /// <summary>The parts that are told apart; few, so that a stranger cannot make more.</summary>
    internal static readonly string[] Parts = ["object", "thumb", "file", "api", "other"];

    private static readonly long[] Bounds = [.. Buckets.Select(seconds => (long)(seconds * Stopwatch.Frequency))];
    private readonly PartMeters[] meters = [.. Parts.Select(_ => new PartMeters())];
    private readonly string objects;
    private readonly string thumbs;

    /// <summary>Requests under way, by the second in which they began; a minute later the next ones join them.</summary>
    private readonly long[] underWay = new long[64];

    public RequestMeters(ServerSettings settings) => (objects, thumbs) = (settings.UploadPath + "/", $"{settings.UploadPath}/{ThumbPath.Folder}/");

    /// <summary>Requests under way now.</summary>
    internal long UnderWay
    {
        get
        {
            long sum = 0;
            for (var second = 0; second < underWay.Length; second++)
            {
                sum += Volatile.Read(ref underWay[second]);
            }

            return sum;
        }
    }

    /// <summary>Requests under way that began in this second or the one before: older ones mostly wait for their client.</summary>
    internal long Young
    {
        get
        {
            var now = Stopwatch.GetTimestamp();
            return Volatile.Read(ref Since(now)) + Volatile.Read(ref Since(now - Stopwatch.Frequency));
        }
    }

    /// <summary>The middleware; the outermost.</summary>
    public Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var start = Stopwatch.GetTimestamp();
        Interlocked.Increment(ref Since(start));
        var answering = next(http);
        if (answering.IsCompletedSuccessfully)
        {
            Count(http, start);
            return Task.CompletedTask;
        }

        return CountLaterAsync(answering, http, start);
    }

    internal PartMeters this[int part] => meters[part];

    private async Task CountLaterAsync(Task answering, HttpContext http, long start)
    {
        try
        {
            await answering;
        }
        finally
        {
            Count(http, start);
        }
    }

    private ref long Since(long start) => ref underWay[(ulong)start / (ulong)Stopwatch.Frequency % (ulong)underWay.Length];

    private void Count(HttpContext http, long start)
    {
        Interlocked.Decrement(ref Since(start));
        var path = http.Request.Path.Value!;
        var part = path.StartsWith(thumbs, StringComparison.Ordinal) ? 1
            : path.StartsWith(objects, StringComparison.Ordinal) ? 0
            : path.StartsWith("/file/", StringComparison.Ordinal) ? 2
            : path.StartsWith("/api/", StringComparison.Ordinal) ? 3 : 4;
        meters[part].Count(http.Response.StatusCode, Stopwatch.GetTimestamp() - start, http.Response.ContentLength ?? 0);
    }

    /// <summary>The numbers of one part.</summary>
    internal sealed class PartMeters
    {
        private readonly long[] byStatusClass = new long[6];
        private readonly long[] byTime = new long[Bounds.Length + 1];
        private long ticks;
        private long bytes;

        internal double Seconds => Volatile.Read(ref ticks) / (double)Stopwatch.Frequency;

        internal long Bytes => Volatile.Read(ref bytes);

        internal long InStatusClass(int hundreds) => Volatile.Read(ref byStatusClass[hundreds]);

        internal long InBucket(int bucket) => Volatile.Read(ref byTime[bucket]);

        internal void Count(int status, long elapsed, long length)
        {
            Interlocked.Increment(ref byStatusClass[Math.Clamp(status / 100, 0, 5)]);
            var bucket = 0;
            while (bucket < Bounds.Length && elapsed > Bounds[bucket])
            {
                bucket++;
            }

            Interlocked.Increment(ref byTime[bucket]);
            Interlocked.Add(ref ticks, elapsed);
            Interlocked.Add(ref bytes, length);
        }
    }
}
