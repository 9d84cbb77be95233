using System.Diagnostics;
using System.Globalization;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Migrate.Live;

/// <summary>Invariant 5: while a tree is converted, by however many at once, every legacy URL answers with its bytes at every moment.</summary>
public sealed class NoGapTests(ITestOutputHelper output)
{
    private const int Names = 1250;

    [NeedsFact("nginx", "setsid")]
    public async Task Readers_see_no_gap_while_four_processes_convert()
    {
        var start = Stopwatch.GetTimestamp();
        using var tree = new LargeTree(Names);
        Assert.Equal(4 * Names, tree.Public.Count);
        using var nginx = await Nginx.StartAsync(tree.Tree.Folder.Path, tree.Tree.Tree);
        using var direct = nginx.Client();
        var readers = new LegacyReaders(tree.Public, seed: 1);
        readers.Start("nginx", direct, 2);
        Say("made");

        // 1. All at once, the store is not there yet.
        Task<ServerProcess>[] starting = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() => ServerProcess.StartAsync(tree.Tree.Tree, tree.ServerSwitches)))];
        MigrateProcess[] runs = [tree.StartRun(1), tree.StartRun(2)];
        List<HttpClient> clients = [];
        try
        {
            foreach (var server in await Task.WhenAll(starting))
            {
                clients.Add(new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = server.Url });
                readers.Start("a server", clients[^1], 2);
            }

            Say($"servers started, {tree.CountLinks()} links");

            // 2. Until all converters are done.
            foreach (var run in runs)
            {
                var ended = await run.EndAsync();
                Assert.True(ended.Exit == 0, ended.ToString());
                Say(ended.Output.TrimEnd());
            }

            foreach (var server in starting)
            {
                await Until.TrueAsync("the server's conversion is done", () => IsDoneAsync(server.Result), () => Seen(server.Result));
            }

            Say(await readers.EndAsync());
            foreach (var server in starting)
            {
                Assert.Equal(0, await server.Result.StopAsync());
            }
        }
        finally
        {
            Array.ForEach(runs, run => run.Dispose());
            clients.ForEach(client => client.Dispose());
            foreach (var server in starting.Where(server => server.IsCompletedSuccessfully))
            {
                await server.Result.DisposeAsync();
            }
        }

        // 3. Everything once.
        await tree.CheckConvertedAsync();
        Say("checked");

        void Say(string what) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s: {what}"));
    }

    private static string Seen(ServerProcess server)
    {
        var left = RawDatabase.Rows(server.Store, $"SELECT ledger_path FROM ledger WHERE ledger_state <> 2").Select(row => row[0]).ToList();
        var leases = RawDatabase.Rows(server.Store, $"SELECT * FROM lease").Select(row => string.Join(' ', row));
        return $"{left.Count} left, the first are {string.Join(", ", left.Take(5))}; leases {string.Join(", ", leases)}; the server said {server.StandardOutput}{server.StandardError}";
    }

    private static async Task<bool> IsDoneAsync(ServerProcess server)
    {
        var told = (await server.Client.SendAsync("GET", "/api/conversion", null)).AssertStatus(200).Json;
        Assert.Equal([], RawDatabase.Rows(server.Store, $"SELECT ledger_path, ledger_detail FROM ledger WHERE ledger_state = 4").Select(row => $"{row[0]}: {row[1]}"));
        return told.GetProperty("state").GetString() != "running" && told.GetProperty("converted").GetInt64() >= told.GetProperty("total").GetInt64();
    }
}
