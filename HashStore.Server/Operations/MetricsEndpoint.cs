using System.Globalization;
using System.Text;
using HashStore.Server.Legacy;
using HashStore.Server.Thumbnails;
using HashStore.Storage;
using HashStore.Storage.Thumbnails;

namespace HashStore.Server.Operations;

/// <summary><c>/metrics</c> in the Prometheus text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).</summary>
internal static class MetricsEndpoint
{
    /// <summary>Adding the ledger up costs more than reading counters.</summary>
    private static readonly TimeSpan ConversionAge = TimeSpan.FromSeconds(5);

    internal static void MapMetrics(this IEndpointRouteBuilder routes) => routes.MapGet("/metrics", Show).ExcludeFromDescription();

    private static async Task<IResult> Show(
        HttpContext http, Store store, RequestMeters requests, UploadSlots slots, CachePurger purger, Scrub scrub, BackgroundConversion conversion, ConversionTotals totals, ThumbnailMaker thumbnails, ThumbnailCollection collection)
    {
        var text = new StringBuilder();
        Requests(text, requests);
        var meters = store.Meters;
        Counter(text, "hashstore_uploads_total", "Versions added by uploads.", meters.Uploads.Value);
        Counter(text, "hashstore_uploaded_bytes_total", "Bytes that uploads brought, duplicates included.", meters.UploadedBytes.Value);
        Counter(text, "hashstore_duplicate_uploads_total", "Uploads whose content was stored before.", meters.DuplicateUploads.Value);
        Counter(text, "hashstore_collisions_total", "Uploads refused because other content has the same key.", meters.Collisions.Value);
        Counter(text, "hashstore_refused_uploads_total", "Uploads refused for their type or for what they hold.", meters.RefusedUploads.Value);
        Counter(text, "hashstore_risky_uploads_total", "Uploads kept although browsers or systems could run something in them.", meters.RiskyUploads.Value);
        Counter(text, "hashstore_damaged_objects_total", "Requests for objects that are missing or known to be damaged.", meters.DamagedObjects.Value);
        Counter(text, "hashstore_cache_hits_total", "Objects found in the cache.", meters.CacheHits.Value);
        Counter(text, "hashstore_cache_misses_total", "Objects looked up in the database.", meters.CacheMisses.Value);
        Counter(text, "hashstore_purge_failures_total", "PURGE requests that a cache did not take.", purger.Failures.Value);
        Gauge(text, "hashstore_cache_objects", "Objects in the cache.", store.Objects.CachedObjects);
        Gauge(text, "hashstore_cache_bytes", "Weight of the cache in bytes.", store.Objects.CachedBytes);
        Gauge(text, "hashstore_sync_queue_depth", "Files and directories that wait to be synced.", store.SyncQueueDepth);
        Gauge(text, "hashstore_write_queue_depth", "Changes that wait for the database.", store.WriteQueueDepth);
        Gauge(text, "hashstore_uploads_running", "Uploads under way.", slots.Taken);
        Gauge(text, "hashstore_uploads_waiting", "Uploads that wait for a slot.", slots.Waiting);
        Gauge(text, "hashstore_purge_queue_depth", "PURGE requests that wait.", purger.Depth);
        Thumbnails(text, thumbnails.Meters, collection);
        Scrubbing(text, scrub);
        Conversion(text, conversion, await totals.GetOrLastAsync(ConversionAge, http.RequestAborted));
        Gauge(text, "process_resident_memory_bytes", "Resident memory in bytes.", Environment.WorkingSet);
        return Results.Text(text.ToString(), "text/plain; version=0.0.4; charset=utf-8");
    }

    private static void Requests(StringBuilder text, RequestMeters requests)
    {
        Head(text, "hashstore_requests_total", "counter", "Requests answered, by part of the site and class of status.");
        for (var part = 0; part < RequestMeters.Parts.Length; part++)
        {
            for (var hundreds = 1; hundreds <= 5; hundreds++)
            {
                Line(text, $"hashstore_requests_total{{part=\"{RequestMeters.Parts[part]}\",status=\"{hundreds}xx\"}}", requests[part].InStatusClass(hundreds));
            }
        }

        Head(text, "hashstore_response_bytes_total", "counter", "Bytes of answers' bodies, where their length was declared.");
        for (var part = 0; part < RequestMeters.Parts.Length; part++)
        {
            Line(text, $"hashstore_response_bytes_total{{part=\"{RequestMeters.Parts[part]}\"}}", requests[part].Bytes);
        }

        Head(text, "hashstore_request_seconds", "histogram", "Time to answer; for large bodies until they were handed to the network.");
        for (var part = 0; part < RequestMeters.Parts.Length; part++)
        {
            Histogram(text, RequestMeters.Parts[part], requests[part]);
        }

        Gauge(text, "hashstore_requests_running", "Requests under way.", requests.UnderWay);
    }

    private static void Thumbnails(StringBuilder text, ThumbnailMeters meters, ThumbnailCollection collection)
    {
        Counter(text, "hashstore_thumbnail_renderings_total", "Renderings that were begun.", meters.Started.Value);
        Counter(text, "hashstore_thumbnails_made_total", "Thumbnails that were made.", meters.Made.Value);
        Counter(text, "hashstore_thumbnails_made_bytes_total", "Bytes of thumbnails that were made.", meters.MadeBytes.Value);
        Counter(text, "hashstore_thumbnails_failed_total", "Renderings that failed because of their original.", meters.Failed.Value);
        Counter(text, "hashstore_thumbnails_refused_total", "Thumbnails that were refused because too many waited.", meters.Refused.Value);
        Counter(text, "hashstore_thumbnails_remembered_total", "Requests that were answered from the memory of failures.", meters.Remembered.Value);
        Counter(text, "hashstore_thumbnails_collected_total", "Thumbnails that the collector removed.", meters.Collected.Value);
        Counter(text, "hashstore_thumbnails_collected_bytes_total", "Bytes of thumbnails that the collector removed.", meters.CollectedBytes.Value);
        Gauge(text, "hashstore_thumbnails_under_way", "Thumbnails that are being made or wait for it.", meters.UnderWay);
        Gauge(text, "hashstore_thumbnails", "Thumbnails after the collector's last pass; 0 where it is off.", collection.Files);
        Gauge(text, "hashstore_thumbnails_bytes", "Their bytes.", collection.Bytes);
    }

    private static void Scrubbing(StringBuilder text, Scrub scrub)
    {
        Gauge(text, "hashstore_objects_marked_damaged", "Objects that were found damaged and are not served until they are repaired.", scrub.Work.Marked);
        Counter(text, "hashstore_scrub_objects_total", "Objects that this server's scrub has read.", scrub.Work.Objects.Value);
        Counter(text, "hashstore_scrub_bytes_total", "Bytes that this server's scrub has read.", scrub.Work.Bytes.Value);
        Counter(text, "hashstore_scrub_damaged_total", "Damaged objects that this server's scrub has met.", scrub.Work.Damaged.Value);
        Counter(text, "hashstore_scrub_failures_total", "Turns of this server's scrub that failed.", scrub.Failures.Value);
        Gauge(text, "hashstore_scrub_progress", "The part of the round that was done when this server last had its turn, from 0 to 1.", scrub.Work.Progress);
        Gauge(text, "hashstore_scrub_last_round_timestamp_seconds", "When the last round ended, in seconds since 1970; 0: none has.",
            scrub.Work.Position?.LastEnded is { } ended ? new DateTimeOffset(ended, TimeSpan.Zero).ToUnixTimeSeconds() : 0);
    }

    private static void Conversion(StringBuilder text, BackgroundConversion conversion, ConversionSums sums)
    {
        Gauge(text, "hashstore_conversion_files", "Legacy paths that are known.", sums.Total);
        Gauge(text, "hashstore_conversion_converted_files", "Legacy paths that are converted.", sums.Converted);
        Gauge(text, "hashstore_conversion_failed_files", "Legacy paths that are missing or could not be converted.", sums.Failed);
        Gauge(text, "hashstore_conversion_converted_bytes", "Bytes of what is converted.", sums.Bytes);
        Gauge(text, "hashstore_conversion_files_per_second", "Legacy paths a second that the background converts.", conversion.PerSecond);
        Gauge(text, "hashstore_conversion_running", "1 while the background converts.", conversion.IsRunning ? 1 : 0);
        Counter(text, "hashstore_conversion_failures_total", "Passes of the background conversion that failed.", conversion.Failures.Value);
    }

    private static void Histogram(StringBuilder text, string part, RequestMeters.PartMeters meters)
    {
        long count = 0;
        for (var bucket = 0; bucket <= RequestMeters.Buckets.Length; bucket++)
        {
            count += meters.InBucket(bucket);
            var bound = bucket < RequestMeters.Buckets.Length ? RequestMeters.Buckets[bucket].ToString(CultureInfo.InvariantCulture) : "+Inf";
            Line(text, $"hashstore_request_seconds_bucket{{part=\"{part}\",le=\"{bound}\"}}", count);
        }

        Line(text, $"hashstore_request_seconds_sum{{part=\"{part}\"}}", meters.Seconds);
        Line(text, $"hashstore_request_seconds_count{{part=\"{part}\"}}", count);
    }

    private static void Counter(StringBuilder text, string name, string help, long value)
    {
        Head(text, name, "counter", help);
        Line(text, name, value);
    }

    private static void Gauge(StringBuilder text, string name, string help, double value)
    {
        Head(text, name, "gauge", help);
        Line(text, name, value);
    }

    private static void Head(StringBuilder text, string name, string type, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private static void Line(StringBuilder text, string name, double value) => text.Append(CultureInfo.InvariantCulture, $"{name} {value}\n");
}
