package document

// Wall is a barrier around the process that reads a file, which not every
// kernel has.
type Wall string

// The walls. Each still protects if another has a fault.
const (
	WallFiles     Wall = "files"     // no file can be opened or made (Landlock)
	WallNetwork   Wall = "network"   // no TCP (Landlock 4)
	WallProcesses Wall = "processes" // no signals or abstract sockets to other processes (Landlock 6)
	WallCalls     Wall = "calls"     // only the system calls of computing, reading and writing (seccomp)
)

// Walls lists all walls.
var Walls = []Wall{WallFiles, WallNetwork, WallProcesses, WallCalls}

// Missing is a wall that this machine does not have.
type Missing struct {
	Wall Wall   `json:"wall"`
	Why  string `json:"why"` // for the operator
}
