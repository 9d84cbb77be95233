using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using HashStore.Storage.Thumbnails.Rendering;
using HashStore.Storage.Thumbnails.Rendering.Children;
using HashStore.Tests.Support;
using HashStore.Tests.Thumbnails.Rendering.Support;
using Xunit;

namespace HashStore.Tests.Thumbnails.Rendering;

/// <summary>What a child can reach, tried by a hostile stand-in for the programs, in each confinement that a machine may offer.</summary>
public sealed class ConfinementTests
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(30);

    [NeedsTheory("vipsthumbnail", "bash", "bwrap", "perl")]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_child_reaches_nothing_but_its_input_and_output(bool bubblewrap, bool guard)
    {
        using var folder = TempFolder.ForEverybody();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var input = folder.Write("input", "the input\n"u8);
        var secret = folder.Write("secret", "a secret\n"u8);
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_111_111);
        var script = $$"""
            read -r line && echo "$line"
            { true < /dev/fd/0; } && echo again
            { true < {{secret}}; } && echo secret
            { true < /etc/passwd; } && echo passwd
            { true < /proc/{{Environment.ProcessId}}/environ; } && echo environment
            { true > {{folder["written"]}}; } && echo written
            { true > /usr/written; } && echo installed
            { true 3<>/dev/tcp/127.0.0.1/{{port}}; } && echo connected
            kill -0 {{Environment.ProcessId}} && echo signalled
            echo end
            """;
        var confined = Confinement.Candidates(new RenderSettings()).First(candidate => candidate.Bubblewrap == bubblewrap && candidate.Guard == guard);
        Assert.Equal("the input\nagain\nend\n", await RunAsync(confined, input, script));
        Assert.False(listener.Pending());

        // The same unconfined, so that it is known to try.
        var free = await RunAsync(new Confinement(false, false, AsNobody: false), input, script);
        Assert.All((string[])["again", "secret", "passwd", "environment", "written", "connected", "signalled", "end"], word => Assert.Contains(word, free, StringComparison.Ordinal));
        Assert.True(listener.Pending());
        File.Delete("/usr/written");
    }

    [NeedsTheory("vipsthumbnail", "bash", "bwrap", "perl")]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_child_cannot_multiply(bool bubblewrap, bool guard)
    {
        using var folder = TempFolder.ForEverybody();
        var input = folder.Write("input", []);
        var confined = Confinement.Candidates(new RenderSettings()).First(candidate => candidate.Bubblewrap == bubblewrap && candidate.Guard == guard);
        var output = await RunAsync(confined, input, "exec /bin/sh -c 'i=0; while [ $i -lt 200 ]; do /bin/sleep 3 & echo one; i=$((i + 1)); done'");
        Assert.InRange(output.Split("one").Length - 1, 0, 100);
    }

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap")]
    public async Task A_drawing_that_refers_to_files_and_servers_gets_nothing_of_them()
    {
        await using var bench = new RenderBench();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var secret = bench.Write("secret.png", Picture.Draw(100, 100, (_, _) => (255, 0, 0, 255)).ToPng());
        var drawing = bench.Write("curious.svg", $"""
            <?xml-stylesheet href="http://127.0.0.1:{port}/style.css"?>
            <!DOCTYPE svg [<!ENTITY passwd SYSTEM "file:///etc/passwd"><!ENTITY far SYSTEM "http://127.0.0.1:{port}/entity">]>
            <svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xi="http://www.w3.org/2001/XInclude" width="100" height="100">
            <style>@import url("http://127.0.0.1:{port}/import.css");</style>
            <rect width="100" height="100" fill="#080"/>
            <image xlink:href="file://{secret}" width="100" height="100"/><image xlink:href="secret.png" width="100" height="100"/>
            <image xlink:href="http://127.0.0.1:{port}/picture.png" width="100" height="100"/>
            <text y="20"><xi:include href="file:///etc/passwd" parse="text"/></text></svg>
            """);
        var (thumbnail, _) = await bench.ThumbnailAsync(drawing, 96);
        Assert.InRange(thumbnail.DifferenceFrom(Picture.Draw(96, 96, (_, _) => (0, 0x88, 0, 255))), 0, 1);
        Assert.False(listener.Pending());
    }

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap", "bash")]
    public async Task A_child_that_hangs_is_killed()
    {
        await using var bench = StandIn("echo begun; while :; do :; done", out var script, new RenderSettings { Timeout = TimeSpan.FromSeconds(2) });
        var result = await bench.RenderAsync(bench.Write("any.png", RenderBench.Photograph.ToPng()), 100);
        Assert.Contains("longer than 2 s", Assert.IsType<RenderResult.TooLarge>(result).Limit, StringComparison.Ordinal);
        Assert.Empty(Processes(script));
    }

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap", "bash")]
    public async Task A_child_that_eats_memory_or_writes_without_end_is_stopped()
    {
        await using (var bench = StandIn("printf -v all %01000000000d 0", out _, new RenderSettings { MemoryBytes = 256 << 20, Timeout = TimeSpan.FromMinutes(2) }))
        {
            var result = await bench.RenderAsync(bench.Write("any.png", RenderBench.Photograph.ToPng()), 100);
            Assert.Contains("memory", Assert.IsType<RenderResult.TooLarge>(result).Limit, StringComparison.Ordinal);
        }

        await using (var bench = StandIn("exec cat /dev/zero", out _, new RenderSettings { MaxOutputBytes = 1 << 20 }))
        {
            var result = await bench.RenderAsync(bench.Write("any.png", RenderBench.Photograph.ToPng()), 100);
            Assert.Contains("the thumbnail has more than 1048576 bytes", Assert.IsType<RenderResult.TooLarge>(result).Limit, StringComparison.Ordinal);
        }
    }

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap", "bash")]
    public async Task Giving_up_and_disposing_kill_the_child()
    {
        await using var bench = StandIn("echo begun; while :; do :; done", out var script, new RenderSettings { MaxProcesses = 1, MaxQueued = 1 });
        var original = bench.Write("any.png", RenderBench.Photograph.ToPng());
        using var givingUp = new CancellationTokenSource();
        var first = bench.Renderer.RenderAsync(RenderBench.JobOf(original, 100), bench["one"], givingUp.Token);
        await UntilAsync(() => Processes(script).Count > 0);
        var second = bench.Renderer.RenderAsync(RenderBench.JobOf(original, 101), bench["two"], CancellationToken.None);
        Assert.IsType<RenderResult.Busy>(await bench.Renderer.RenderAsync(RenderBench.JobOf(original, 102), bench["three"], CancellationToken.None));

        await givingUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await UntilAsync(() => bench.Renderer.Started.Value == 2 && Processes(script).Count > 0);
        await bench.Renderer.DisposeAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Empty(Processes(script));
        Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(original)!, "*.part"));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => bench.Renderer.RenderAsync(RenderBench.JobOf(original, 103), bench["four"], CancellationToken.None));
    }

    [NeedsTheory("vipsthumbnail", "bash", "bwrap", "perl", "setsid")]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task No_child_outlives_a_server_that_is_killed(bool bubblewrap, bool guard)
    {
        // Killed when the child runs, then at moments of its being born.
        using var folder = TempFolder.ForEverybody();
        var script = Script(folder, "while :; do :; done");
        var confined = Confinement.Candidates(new RenderSettings()).First(candidate => candidate.Bubblewrap == bubblewrap && candidate.Guard == guard);
        var launch = confined.Wrap(script, [], [], new RenderSettings());
        for (var delay = -1; delay < 40; delay += 4)
        {
            using var server = StartServer(launch);
            if (delay < 0)
            {
                await UntilAsync(() => Processes(script).Any(process => process.StartsWith("program ", StringComparison.Ordinal)));
            }
            else
            {
                await UntilAsync(() => Processes(script).Any(process => process.StartsWith("perl ", StringComparison.Ordinal)));
                await Task.Delay(delay);
            }

            server.Kill();
            await server.WaitForExitAsync();
            await UntilAsync(() => Processes(script).Count == 0);
        }
    }

    // A shell in the server's place: it holds the one end of a pipe, the child the other.
    private static System.Diagnostics.Process StartServer(Launch launch)
    {
        var command = string.Join(' ', launch.Arguments.Prepend(launch.Program).Select(word => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
        return System.Diagnostics.Process.Start("/usr/bin/bash", ["-c", $"exec 4> >(exec 3<&0 </dev/null; exec setsid {command}); kill -STOP $$"]);
    }

    private static RenderBench StandIn(string body, out string path, RenderSettings settings)
    {
        var folder = Directory.CreateTempSubdirectory("hashstore-stand-in-");
        File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_101_101);
        path = Path.Combine(folder.FullName, "vipsthumbnail");
        WriteScript(path, body);
        return new RenderBench(settings with { Programs = new Dictionary<string, string> { ["vipsthumbnail"] = path } }, also: folder);
    }

    private static string Script(TempFolder folder, string body)
    {
        WriteScript(folder["program"], body);
        return folder["program"];
    }

    private static void WriteScript(string path, string body)
    {
        File.WriteAllText(path, $"#!/usr/bin/bash\n{body}\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }

    /// <summary>The processes whose command line has a word, each as its name and number.</summary>
    private static List<string> Processes(string word)
    {
        List<string> found = [];
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(folder, "cmdline")).Split('\0').Contains(word))
                {
                    found.Add($"{File.ReadAllText(Path.Combine(folder, "comm")).Trim()} {Path.GetFileName(folder)}");
                }
            }
            catch (IOException)
            {
                // It ended while it was looked at.
            }
        }

        return found;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(patience);
        while (!holds())
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private static async Task<string> RunAsync(Confinement confinement, string input, string script)
    {
        using var standardInput = File.OpenHandle(input);
        using var output = Child.MemoryFile();
        var launch = confinement.Wrap("/usr/bin/bash", ["-c", script], ["LC_ALL=C.UTF-8"], new RenderSettings());
        await Child.RunAsync(launch, standardInput, output, patience, TimeProvider.System, CancellationToken.None);
        var bytes = new byte[RandomAccess.GetLength(output)];
        return Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(output, bytes, 0));
    }
}
