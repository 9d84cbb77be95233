using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using HashStore.Schema;

namespace HashStore.Storage.Safety;

/// <summary>
/// Shows a staged file to a program that looks for malware. Its exit code decides: 0 clean, 1 infected; anything else, or no answer in time, and the upload is refused for now. No shell is in between.
/// </summary>
internal sealed class CommandScanner(ScannerRules rules) : IDisposable
{
    /// <summary>Of what the program says so much is kept, in characters; the rest is read and dropped, so that it never waits for a reader.</summary>
    private const int MaxSaid = 4096;

    private readonly SemaphoreSlim places = new(rules.Concurrent);

    /// <summary>Returns when the program found nothing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">What its uploader calls it, for messages.</param>
    /// <exception cref="StoreException">It is infected, or the program could not tell.</exception>
    internal async Task CheckAsync(string path, FileName name)
    {
        await places.WaitAsync();
        try
        {
            var (exitCode, said) = await RunAsync(path);
            if (exitCode == 1)
            {
                throw new StoreException(StoreFault.Infected, $"The scanner for malware refuses this content: {Shown(said, path, name)}; nothing was kept. Clean the file, or tell the operator if it is a false alarm.");
            }

            if (exitCode != 0)
            {
                throw Failed($"ended with {exitCode}: {Shown(said, path, name)}");
            }
        }
        finally
        {
            places.Release();
        }
    }

    public void Dispose() => places.Dispose();

    private async Task<(int ExitCode, string Said)> RunAsync(string path)
    {
        var info = new ProcessStartInfo(rules.Command[0]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in rules.Command.Skip(1))
        {
            info.ArgumentList.Add(argument.Replace(ScannerRules.FilePlace, path, StringComparison.Ordinal));
        }

        using var process = new Process { StartInfo = info };
        using var patience = new CancellationTokenSource(rules.Time);
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            throw Failed($"cannot be started: {exception.Message}", exception);
        }

        try
        {
            process.StandardInput.Close();
            var said = ReadAsync(process.StandardOutput, patience.Token);
            var complained = ReadAsync(process.StandardError, patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, $"{await said} {await complained}");
        }
        catch (OperationCanceledException exception)
        {
            process.Kill(entireProcessTree: true);
            throw Failed($"did not answer within {rules.Time.TotalSeconds} s", exception);
        }
        catch (IOException exception)
        {
            // It closed its input before this end did.
            process.Kill(entireProcessTree: true);
            throw Failed($"broke off: {exception.Message}", exception);
        }
    }

    private static async Task<string> ReadAsync(StreamReader output, CancellationToken cancellation)
    {
        var kept = new StringBuilder();
        var buffer = new char[MaxSaid];
        for (int count; (count = await output.ReadAsync(buffer, cancellation)) > 0;)
        {
            kept.Append(buffer, 0, Math.Min(count, MaxSaid - kept.Length));
        }

        return kept.ToString();
    }

    /// <summary>What it said in a line, without where the file lies.</summary>
    private static string Shown(string said, string path, FileName name)
    {
        var line = string.Concat(said.Replace(path, name.Value, StringComparison.Ordinal).Select(character => char.IsControl(character) ? ' ' : character)).Trim();
        return line.Length == 0 ? "it says nothing more" : line.Length > 300 ? line[..300] : line;
    }

    private StoreException Failed(string how, Exception? inner = null) =>
        new(StoreFault.Unavailable, $"The scanner for malware ({Path.GetFileName(rules.Command[0])}) {how}; nothing was kept. Try again; the operator sees the same in the log.", inner);
}
