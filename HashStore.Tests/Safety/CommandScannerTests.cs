using HashStore.Storage;
using HashStore.Storage.Safety;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Safety;

/// <summary>The program that looks for malware: exit codes, time, how many at once, and that nothing of it can be seen before it has answered.</summary>
public sealed class CommandScannerTests : IDisposable
{
    private const string Signature = "X5O-TEST-SIGNATURE";

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>As clamdscan does: the name of the file, what was found, 1.</summary>
    [Fact]
    public async Task What_is_infected_is_refused_and_what_is_clean_is_kept()
    {
        var scanner = Script($"if grep -q {Signature} \"$1\"; then echo \"$1: Test.Signature FOUND\"; exit 1; fi; echo \"$1: OK\"");
        await using var test = await OpenAsync(scanner);
        await test.PutAsync("Clean.txt", "Nothing in here");
        var refusal = await Refusal.ExpectAsync(StoreFault.Infected, () => test.PutAsync("Bad name.txt", $"a {Signature} b"));
        Assert.Contains("Bad name.txt: Test.Signature FOUND", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(folder.Path, refusal.Message, StringComparison.Ordinal);
        Assert.Equal((1, 1), ((int)(await test.Store.Names.SumAsync()).Names, (int)test.Store.Meters.RefusedUploads.Value));
        Assert.DoesNotContain(Directory.EnumerateFiles(test.Paths.Staging, "*", SearchOption.AllDirectories), path => Path.GetFileName(path) != "lock");
    }

    [Theory]
    [InlineData("echo broken >&2; exit 2", "ended with 2: broken")]
    [InlineData("kill -9 $$", "ended with 137")]
    [InlineData("exec sleep 600", "did not answer within 1 s")]
    [InlineData("sleep 600 & wait", "did not answer within 1 s")]
    public async Task A_scanner_that_cannot_tell_is_no_permission(string script, string expected)
    {
        await using var test = await OpenAsync(Script(script, seconds: 1));
        var refusal = await Refusal.ExpectAsync(StoreFault.Unavailable, () => test.PutAsync("A.txt", "text"));
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(0, (await test.Store.Names.SumAsync()).Names);
    }

    [Fact]
    public async Task A_scanner_that_is_gone_is_no_permission()
    {
        await using var test = await OpenAsync(new ScannerRules([folder["gone"], ScannerRules.FilePlace], TimeSpan.FromSeconds(60), 1));
        Assert.Contains("cannot be started", (await Refusal.ExpectAsync(StoreFault.Unavailable, () => test.PutAsync("A.txt", "text"))).Message, StringComparison.Ordinal);
    }

    /// <summary>More than a pipe holds: whoever does not read it would wait for ever.</summary>
    [Fact]
    public async Task What_it_says_is_read_and_bounded()
    {
        await using var test = await OpenAsync(Script("head -c 1000000 /dev/zero | tr '\\0' x; exit 1"));
        Assert.InRange((await Refusal.ExpectAsync(StoreFault.Infected, () => test.PutAsync("A.txt", "text"))).Message.Length, 300, 600);
    }

    [Fact]
    public async Task It_sees_the_bytes_whole_before_anything_of_them_can_be_seen()
    {
        await using var test = await OpenAsync(Script("root=${1%%/.hashstore/*}; test \"$root\" != \"$1\" && test -z \"$(ls \"$root\")\" && test $(stat -c %s \"$1\") -eq 300000"));
        await test.PutAsync("A.txt", new string('x', 300_000));
        Assert.Equal(1, (await test.Store.Names.SumAsync()).Names);
    }

    /// <summary>Each run takes a place and keeps it until the test lets them go on; one that finds too many says so.</summary>
    [Fact]
    public async Task Only_so_many_run_at_once()
    {
        var places = folder["places"];
        Directory.CreateDirectory(places);
        await using var test = await OpenAsync(
            Script($"mkdir {places}/$$; while ! test -e {folder["go"]}; do sleep 0.01; done; test $(ls {places} | wc -l) -le 2 || exit 3; rmdir {places}/$$", concurrent: 2));
        var uploads = Enumerable.Range(0, 8).Select(number => test.PutAsync($"{number}.txt", $"text {number}")).ToList();
        await Until.TrueAsync("two run", () => Directory.GetDirectories(places).Length >= 2);
        File.WriteAllText(folder["go"], "");
        await Task.WhenAll(uploads);
        Assert.Equal(8, (await test.Store.Names.SumAsync()).Names);
    }

    private static Task<TestStore> OpenAsync(ScannerRules scanner) =>
        TestStore.OpenAsync(DatabaseProvider.Sqlite, options => options with { Uploads = new UploadRules { Scanner = scanner } });

    private ScannerRules Script(string body, int seconds = 60, int concurrent = 4)
    {
        var path = folder["scanner"];
        File.WriteAllText(path, "#!/bin/sh\n" + body + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return new ScannerRules([path, ScannerRules.FilePlace], TimeSpan.FromSeconds(seconds), concurrent);
    }
}
