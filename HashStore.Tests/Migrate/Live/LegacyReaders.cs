using System.Collections.Concurrent;
using System.Globalization;
using Xunit;

namespace HashStore.Tests.Migrate.Live;

/// <summary>Readers that ask for every legacy URL again and again, each in an order of its own, and compare all bytes.</summary>
/// <param name="contents">What each legacy path must give.</param>
/// <param name="seed">Decides on the orders.</param>
internal sealed class LegacyReaders(IReadOnlyDictionary<string, byte[]> contents, int seed)
{
    /// <summary>Enough to see what is wrong.</summary>
    private const int MaxKept = 20;

    private readonly ConcurrentQueue<string> wrong = [];
    private readonly ConcurrentDictionary<string, long> answers = [];
    private readonly List<Task> readers = [];
    private volatile bool isEnding;

    /// <summary>Starts some more.</summary>
    /// <param name="where">What they read from, in words.</param>
    /// <param name="client">Used by them until they end.</param>
    /// <param name="count">How many.</param>
    internal void Start(string where, HttpClient client, int count)
    {
        for (var number = 0; number < count; number++)
        {
            var order = contents.Keys.Order(StringComparer.Ordinal).ToArray();
            new Random(seed + readers.Count).Shuffle(order);
            readers.Add(Task.Run(() => ReadAsync(where, client, order)));
        }
    }

    /// <summary>Ends them when each has asked for everything at least once; not one answer may have been wrong.</summary>
    /// <returns>How many answers came, in words.</returns>
    internal async Task<string> EndAsync()
    {
        isEnding = true;
        await Task.WhenAll(readers);
        Assert.True(wrong.IsEmpty, string.Join('\n', wrong.Take(MaxKept)));
        return string.Join(", ", answers.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Value} right answers from {pair.Key}")));
    }

    /// <summary>The URL of a legacy path.</summary>
    internal static string UrlOf(string path) => "/images/" + string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    private async Task ReadAsync(string where, HttpClient client, string[] order)
    {
        for (var isFirst = true; (isFirst || !isEnding) && wrong.Count < MaxKept; isFirst = false)
        {
            foreach (var path in order.TakeWhile(_ => isFirst || !isEnding))
            {
                if (await ProblemAsync(client, path) is { } problem)
                {
                    wrong.Enqueue($"{where}, {path}: {problem}");
                }

                answers.AddOrUpdate(where, 1, (_, count) => count + 1);
            }
        }
    }

    private async Task<string?> ProblemAsync(HttpClient client, string path)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri(UrlOf(path), UriKind.Relative));
            var body = await answer.Content.ReadAsByteArrayAsync();
            return (int)answer.StatusCode != 200 ? $"{(int)answer.StatusCode} {System.Text.Encoding.UTF8.GetString(body)}"
                : body.AsSpan().SequenceEqual(contents[path]) ? null
                : $"{body.Length} bytes, not the {contents[path].Length} right ones";
        }
        catch (HttpRequestException exception)
        {
            return $"{exception.Message} {exception.InnerException?.Message}"; // cut off, too
        }
    }
}
